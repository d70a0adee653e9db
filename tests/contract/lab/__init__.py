"""The laboratory: real servers in many settings, and what is right to say of each."""

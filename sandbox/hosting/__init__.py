"""What both git hosts of the sandbox have in common: a repository, requests, and who may ask."""

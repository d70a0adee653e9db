"""A small world in memory for tests of the steps; each double keeps one Protocol of theirs."""

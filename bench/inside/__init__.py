"""Benches of the runner's insides, each in a process of its own that prints one number."""

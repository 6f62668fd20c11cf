"""The same visits where the jobs of a line travel together as one script."""

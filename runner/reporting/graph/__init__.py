"""The graph as a picture and as text."""

"""The verbs of the command line, and the one place that wires the layers together."""

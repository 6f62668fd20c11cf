"""A fleet's simulated twin: which systems, which faults, how it compares."""

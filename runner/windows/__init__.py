"""What modules share about Windows: versions, facts, registry and service output, exit codes."""

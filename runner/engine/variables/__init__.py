"""What templates and arguments see on a host, and which source wins."""

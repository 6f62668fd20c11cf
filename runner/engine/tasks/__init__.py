"""One task's turn on a host: from what is written to work, and from an outcome to what follows."""

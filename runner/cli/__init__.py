"""Words -> calls, errors -> exit codes. One file a verb; nothing heavy is imported for --help."""

"""Text as data with positions: YAML, files, vault, and the words of mistakes in them."""

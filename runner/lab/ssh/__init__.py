"""The lab's SSH end."""

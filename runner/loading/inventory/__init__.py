"""Inventories: INI, YAML, CSV, scripts, folders, constructed groups."""

"""The report of a run: page, CSV, JUnit."""

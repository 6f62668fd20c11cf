"""Ansible's lookups."""

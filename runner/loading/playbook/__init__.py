"""Playbooks: plays, tasks, blocks, roles, includes."""

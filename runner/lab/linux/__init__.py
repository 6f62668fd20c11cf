"""Simulated Linux hosts: this machine's own shell and text tools in namespaces and on files of
their own, with stand-ins for what manages packages, services, packet filters and power."""

"""Templates: Jinja2 in a sandbox, with Ansible's filters, tests and lookups."""

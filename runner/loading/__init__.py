"""Text -> model: YAML with positions, playbooks, inventories, host patterns, templates.

What others call::

    playbook.load_playbook(path, modules, templates=, extra_vars=) -> Playbook
    examine.examine(path, modules, templates=) -> Examined: what could be read, and all mistakes
    selection.select_tags(playbook, tags, skip_tags) -> Playbook
    selection.start_at_task(playbook, pattern) -> Playbook
    inventory.load_inventory(paths, playbook_dir=) -> Inventory
    patterns.select(inventory, pattern, source) -> names of hosts, in inventory order
    patterns.limit(inventory, hosts, text) -> those of the hosts that -l means
    variables.parse_extra_vars(options, templates) -> dict
    variables.read_variable_file(path, files) -> dict
    templates.JinjaTemplates(directory): Templates; .secrets_seen
    data.OMIT, data.strip_omitted(value), data.as_data(value)

Every error is an InputError that knows file, line and column, shows the line, and names the
nearest known word where a word is unknown.
"""

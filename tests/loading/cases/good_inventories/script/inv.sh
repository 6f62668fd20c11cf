#!/bin/sh
cat <<'JSON'
{"web": {"hosts": ["s1", "s2"], "vars": {"g": "{{ 1 }}", "n": 1}, "children": ["sub"]},
 "sub": ["s3"],
 "db": {"children": ["web"]},
 "all": {"vars": {"everywhere": true}},
 "_meta": {"hostvars": {"s1": {"a": [1, {"b": null}], "u": {"__ansible_unsafe": "{{ x }}"}}, "s3": {}}}}
JSON

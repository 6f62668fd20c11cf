#!/usr/bin/env python3
import json
import sys

if sys.argv[1] == "--list":
    print(json.dumps({"web": {"hosts": ["s1", "s2"]}, "old": {"x": 1}}))
elif sys.argv[2] != "s2":
    print(json.dumps({"name": sys.argv[2]}))

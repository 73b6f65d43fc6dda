#!/usr/bin/env python3
"""validate.py SCHEMA FILE... - each YAML file against the JSON schema, as an editor does.

Prints what is wrong.  Exit code 77: no jsonschema or no yaml module here.
"""
import json
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(missing)
    sys.exit(77)


class Loader(yaml.SafeLoader):
    """Tags are ours; numbers are YAML 1.2's: no octal, no sexagesimal, no underscores."""


def tagged(loader, _suffix, node):
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value or None


Loader.add_multi_constructor("!", tagged)
Loader.yaml_implicit_resolvers = {}
for kind, pattern, first in (
    ("null", r"^$|^null$|^~$", ["", "n", "~"]),
    ("bool", r"^(true|false)$", list("tf")),
    ("int", r"^([1-9][0-9]*|0|0x[0-9a-fA-F]+)$", list("0123456789")),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(pattern), first)

with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
bad = 0
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as f:
        tree = yaml.load(f, Loader=Loader)
    for error in validator.iter_errors(tree):
        where = ".".join(str(p) for p in error.absolute_path)
        print(f"{path}: {where}: {error.message[:200]}")
        bad = 1
sys.exit(bad)

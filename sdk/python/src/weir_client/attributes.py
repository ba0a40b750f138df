"""Attributes of series, events and the resource, and their form in OTLP's JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Union

# A value that is None is left out. One that is no str, bool, int or float is sent as `str` makes it.
Attributes = Mapping[str, object]
Primitive = Union[str, bool, int, float]

# Key, type and value in the order of keys. 1, 1.0 and True are equal to Python, and three values to OTLP.
Identity = tuple[tuple[str, str, Primitive], ...]

NO_ATTRIBUTES: Identity = ()
_MOST_INTEGER = 2**63
# Values nested deeper are sent as text; the receiver would refuse the whole request.
_MOST_DEPTH = 8


def identity_of(attributes: Attributes) -> Identity:
    """Raises ValueError for a key that is none."""
    return tuple(sorted((_key(key), *_typed(value)) for key, value in attributes.items() if value is not None))


def encode_identity(identity: Identity) -> str:
    """A list of KeyValue."""
    return "[" + ",".join(_pair(key, _primitive(kind, value)) for key, kind, value in identity) + "]"


def encode_attributes(attributes: Attributes, depth: int = 0) -> str:
    """A list of KeyValue in which lists and mappings keep their form. Raises ValueError for a key that is none."""
    pairs = (_pair(_key(key), _any(value, depth)) for key, value in attributes.items() if value is not None)
    return "[" + ",".join(pairs) + "]"


def checked_name(name: object) -> str:
    """Raises ValueError if it is no text."""
    if not isinstance(name, str) or name == "":
        raise ValueError(f"the name {name!r} is not a text")
    return str.__str__(name)


def _key(key: object) -> str:
    if not isinstance(key, str) or key == "":
        raise ValueError(f"the key {key!r} of an attribute is not a text")
    return str.__str__(key)


def _typed(value: object) -> tuple[str, Primitive]:
    if isinstance(value, str):
        return "stringValue", str.__str__(value)
    if isinstance(value, bool):
        return "boolValue", value
    if isinstance(value, int) and -_MOST_INTEGER <= value < _MOST_INTEGER:
        return "intValue", int(value)
    if isinstance(value, float) and math.isfinite(value):
        return "doubleValue", float(value)
    return "stringValue", str(value)


def _pair(key: str, value: str) -> str:
    return f'{{"key":{json.dumps(key)},"value":{value}}}'


def _primitive(kind: str, value: Primitive) -> str:
    # Integers of 64 bits are texts there.
    text = f'"{value}"' if kind == "intValue" else json.dumps(value)
    return f'{{"{kind}":{text}}}'


def _any(value: object, depth: int) -> str:
    if depth < _MOST_DEPTH and isinstance(value, Mapping):
        return f'{{"kvlistValue":{{"values":{encode_attributes(value, depth + 1)}}}}}'
    if depth < _MOST_DEPTH and isinstance(value, (list, tuple)):
        values = ",".join("{}" if each is None else _any(each, depth + 1) for each in value)
        return f'{{"arrayValue":{{"values":[{values}]}}}}'
    return _primitive(*_typed(value))

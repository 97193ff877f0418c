"""The JSON Schema of the settings file, for editors that complete and check YAML.

It follows `shape.py` and not pydantic's own schema, whose keys are the dataclasses' fields and
whose defaults are seconds: a user writes `for` and `30s`.
"""

from typing import Any

from monitor.config.describe import descriptions
from monitor.config.shape import (
    BOOLEAN,
    BOOLEAN_OR_TEXT,
    DURATION,
    INTEGER,
    NUMBER,
    SIZE,
    Choice,
    Key,
    Leaf,
    Listing,
    Section,
    Shape,
    Table,
    root,
)
from monitor.config.show import written

# A scalar may also come from the environment: its type is known only when it is loaded.
_REFERENCE: dict[str, Any] = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}
_DURATION_PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|[smhdw]))+$"
_SIZE_PATTERN = r"^[0-9]+(\.[0-9]+)?\s*(B|[kKMGT]B|[KMGT]iB)$"

_ALTERNATIVES: dict[Leaf, list[dict[str, Any]]] = {
    DURATION: [{"type": "string", "pattern": _DURATION_PATTERN}, {"const": 0}],
    SIZE: [{"type": "string", "pattern": _SIZE_PATTERN}, {"const": 0}],
    BOOLEAN: [{"type": "boolean"}],
    BOOLEAN_OR_TEXT: [{"type": ["boolean", "string"]}],
    INTEGER: [{"type": "integer"}],
    NUMBER: [{"type": "number"}],
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the settings file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of queue-monitor",
        **_section(root()),
        "$defs": {"reference": _REFERENCE},
    }


def _schema(shape: Shape) -> dict[str, Any]:
    match shape:
        case Section():
            return _section(shape)
        case Choice():
            return {"oneOf": [_section(section) for section in shape.sections.values()]}
        case Listing():
            return {"type": ["array", "null"], "items": _schema(shape.item)}
        case Table():
            return {"type": ["object", "null"], "additionalProperties": _schema(shape.value)}
        case Leaf():
            return _leaf(shape)


def _section(section: Section) -> dict[str, Any]:
    words = descriptions(section.settings)
    properties: dict[str, Any] = {}
    for name, key in section.keys.items():
        properties[name] = _property(key, words[key.field])
    for file_name, name in section.file_keys.items():
        properties[file_name] = {"type": "string", "description": f"A file that holds `{name}`."}
    properties |= dict.fromkeys(sorted(section.ignored), True)
    found = {
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
    }
    needed = [
        {"anyOf": [{"required": [way]} for way in (name, *section.file_keys_of(name))]}
        for name, key in section.keys.items()
        if key.required
    ]
    return found | {"allOf": needed} if needed else found


def _property(key: Key, words: str) -> dict[str, Any]:
    found = {"description": words, **_schema(key.shape)}
    if not key.required and not isinstance(key.shape, Section):
        found["default"] = written(key.default, key.shape)
    return found


def _leaf(leaf: Leaf) -> dict[str, Any]:
    if len(leaf.words) == 1:
        return {"const": leaf.words[0]}
    own = [{"enum": list(leaf.words)}] if leaf.words else _ALTERNATIVES.get(leaf)
    if own is None:
        return {"type": "string"}
    return {"anyOf": [*own, {"$ref": "#/$defs/reference"}]}

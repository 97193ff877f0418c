"""Durations and sizes as people write them, and as they read them.

Settings and rule expressions parse them here, pages and notices print them here, so that
`90s` in a rule, in the settings and on the page is one notion. Everything inside the
program is in base units: seconds (float) and bytes (int).
"""

import re
from collections.abc import Callable
from typing import Annotated, Any

_DURATION_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")

_STEPS = (("d", 86400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1))

_SIZE_BYTES = {
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)")


def parse_duration(text: str) -> float:
    """Return the seconds in `90s`, `1h30m`, `500ms`, `0s`.

    Raises ValueError, with the remedy in its message, for anything else.
    """
    stripped = text.strip()
    if not _DURATION.fullmatch(stripped):
        raise ValueError(f"{text!r} is not a duration: write it like 30s, 5m or 1h30m")
    return sum(float(n) * _DURATION_SECONDS[unit] for n, unit in _DURATION_PART.findall(stripped))


def parse_size(text: str) -> int:
    """Return the bytes in `10MB`, `1GiB`, `512B`.

    Raises ValueError, with the remedy in its message, for anything else.
    """
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a size: write it like 512B, 10MB or 1GiB")
    return round(float(match[1]) * _SIZE_BYTES[match[2]])


def format_duration(seconds: float) -> str:
    """Return `seconds` as a person says it: `0.3s`, `42s`, `5m 3s`, `2h 10m`, `3d 4h`."""
    if seconds == float("inf"):
        return "never"
    if seconds < 0:
        return "-" + format_duration(-seconds)
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f}s"
    whole = round(seconds)
    for unit, size, lower, lower_size in _STEPS:
        if whole >= size:
            rest = whole % size // lower_size
            return f"{whole // size}{unit} {rest}{lower}" if rest else f"{whole // size}{unit}"
    return f"{whole}s"


def format_size(size_bytes: float) -> str:
    """Return `size_bytes` as a person says it: `512 B`, `1.5 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size_bytes) < 1024:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.1f} TiB"


class _WrittenAs:
    """Tells pydantic, by its duck-typed protocol, how a setting with a unit is written.

    The core schema is a plain dictionary, so that settings can stand beside the behaviour
    they set on floors that do not import pydantic.
    """

    def __init__(self, parse: Callable[[str], float], example: str) -> None:
        self._parse = parse
        self._example = example

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        return {
            "type": "function-before",
            "function": {"type": "no-info", "function": self._read},
            "schema": handler(source),
        }

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "examples": [self._example]}

    def _read(self, value: object) -> object:
        if isinstance(value, str):
            return self._parse(value)
        if isinstance(value, bool) or value != 0:
            # A bare number would be a guess at the unit; only zero is the same in all of them.
            raise ValueError(f"{value!r} has no unit: write it like {self._example}")
        return value


Seconds = Annotated[float, _WrittenAs(parse_duration, "30s")]
"""A setting in seconds, written with its unit."""

Bytes = Annotated[int, _WrittenAs(parse_size, "10MB")]
"""A setting in bytes, written with its unit."""

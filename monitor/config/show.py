"""Settings as a user writes them: `config show`, and the defaults in the schema and the docs."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from monitor.broker.address import SCHEMES
from monitor.config.settings import Settings
from monitor.config.shape import (
    DURATION,
    SECRET,
    SIZE,
    Choice,
    Leaf,
    Listing,
    Section,
    Shape,
    Table,
    root,
)

_STARS = "***"
_DURATION_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_SIZE_UNITS = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("GB", 10**9), ("MB", 10**6))
# Of the query of a broker's URL, what says nothing of who we are there.
_OPEN_QUERY = ("virtual_host", "ssl_cert_reqs")
# A semicolon alone may be one of a password.
_NEXT_SENTINEL = re.compile(";(?=sentinel://)")


def show(settings: Settings) -> str:
    """Return `settings` as a YAML file that would give them, with secrets starred out."""
    data = written(settings, root())
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=1000)


def written(value: Any, shape: Shape) -> Any:
    """Return a setting's `value` as plain data, spelled as in the file."""
    match shape:
        case _ if value is None:
            return None
        case Choice():
            return written(value, shape.sections[value.type])
        case Section():
            keys = shape.keys.items()
            return {name: written(getattr(value, key.field), key.shape) for name, key in keys}
        case Listing():
            return [written(item, shape.item) for item in value]
        case Table():
            return {key: written(item, shape.value) for key, item in value.items()}
        case Leaf():
            return _written_leaf(value, shape)


def _written_leaf(value: Any, shape: Leaf) -> Any:
    if shape == DURATION:
        return written_duration(value)
    if shape == SIZE:
        return written_size(value)
    text = masked_secret(value.reveal()) if shape == SECRET else value
    # What looks like a reference to a variable was written with the escape.
    return text.replace("${", "$${") if isinstance(text, str) else text


def written_duration(seconds: float) -> str:
    """Return `seconds` in the largest unit that says it exactly: `90s`, `4h`, `0.5s`."""
    if seconds == 0:
        return "0s"
    if seconds != int(seconds):
        return f"{seconds:.9f}".rstrip("0") + "s"
    unit, size = next((unit, size) for unit, size in _DURATION_UNITS if seconds % size == 0)
    return f"{int(seconds) // size}{unit}"


def written_size(size_bytes: int) -> str:
    """Return `size_bytes` in the largest unit that says it exactly: `10MB`, `1GiB`."""
    for unit, size in _SIZE_UNITS:
        if size_bytes and size_bytes % size == 0:
            return f"{size_bytes // size}{unit}"
    return f"{size_bytes}B"


def masked_secret(text: str) -> str:
    """Return of a secret URL the scheme and host, and of a broker's the database; else stars.

    Of several sentinels, each that way.
    """
    return ";".join(map(_masked_url, _NEXT_SENTINEL.split(text)))


def _masked_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return _STARS
    if not parts.scheme or "://" not in text or "@" in parts.path + parts.query + parts.fragment:
        return _STARS
    is_broker = parts.scheme in SCHEMES
    login = ""
    if "@" in parts.netloc:
        login = f"{parts.username if parts.password else ''}:{_STARS}@"
    path = parts.path if is_broker or parts.path in ("", "/") else f"/{_STARS}"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{login}{host}{port}{path}{_masked_query(parts.query, is_broker)}"


def _masked_query(query: str, is_broker: bool) -> str:
    if not query:
        return ""
    if not is_broker:
        return f"?{_STARS}"
    pairs = parse_qsl(query, keep_blank_values=True)
    shown = (f"{key}={value if key in _OPEN_QUERY else _STARS}" for key, value in pairs)
    return "?" + "&".join(shown)

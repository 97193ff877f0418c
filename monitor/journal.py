"""The program's own log: logfmt for people, JSON for machines.

Every record is one line, and a bounded one, whatever a queue or a worker is called. The fields
come from `extra={"fields": {...}}`; `event()` is the short way to write one.
"""

import json
import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TextIO

_MOST_CHARACTERS = 4_000
"""Of one field; all mistakes in a file of settings fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """The section `log`."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe record that is written."""
    format: Literal["logfmt", "json"] = "logfmt"
    """logfmt for people, JSON for machines."""


def event(logger: logging.Logger, level: int, message: str, **fields: object) -> None:
    """Log `message` with `fields`."""
    logger.log(level, message, extra={"fields": fields})


def set_up(settings: JournalSettings, stream: TextIO | None = None) -> None:
    """Send all log records to `stream` (standard error) in the chosen format."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if settings.format == "json" else _Logfmt())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    # Every scrape would be a line.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def _record_fields(record: logging.LogRecord) -> dict[str, object]:
    at = datetime.fromtimestamp(record.created, UTC)
    fields: dict[str, object] = {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "msg": record.getMessage(),
    }
    fields.update(getattr(record, "fields", {}))
    if record.exc_info and record.exc_info[1] is not None:
        fields["error"] = repr(record.exc_info[1])
        fields["traceback"] = _short_traceback(record)
    return {name: _cut(value) for name, value in fields.items()}


def _cut(value: object) -> object:
    if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
        return f"{value[:_MOST_CHARACTERS]}… ({len(value):,} characters)"
    return value


def _short_traceback(record: logging.LogRecord) -> str:
    """Return where the error was raised: file:line of each frame, no source and no values."""
    places = []
    traceback = record.exc_info[2] if record.exc_info else None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{code.co_qualname}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return " > ".join(places)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_record_fields(record), default=str)


class _Logfmt(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{k}={_quoted(v)}" for k, v in _record_fields(record).items())


def _quoted(value: object) -> str:
    text = str(value)
    plain = text and all(c.isalnum() or c in "-_.:/@+" for c in text)
    return text if plain and text.isascii() else json.dumps(text)

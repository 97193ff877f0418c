"""What happened: alerts that changed state, and notices that were sent or were not.

Rows are appended with each save and bounded in age and number. Used by `store.py`.
"""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

KEPT_SECONDS = 30 * 86_400.0
MAX_ROWS = 100_000
MAX_PAGE = 1_000


class AlertEntry(Struct, frozen=True, kw_only=True, tag_field="kind", tag="alert"):
    """An alert that came into another state."""

    at: float
    state: str
    labels: dict[str, str]
    fingerprint: str
    summary: str
    reason: str = ""
    """Why it ended, where that is more than that it no longer holds."""


class NoticeEntry(Struct, frozen=True, kw_only=True, tag_field="kind", tag="notice"):
    """A notice that was sent to a channel, and what came of it."""

    at: float
    channel: str
    group_key: str
    result: str
    """`delivered`, `partly`, `failed` or `refused`."""
    firing: int
    """How many alerts it told of as firing."""
    resolved: int
    reason: str = ""
    """Why it did not arrive, or not at all of the channel's receivers."""


Entry = AlertEntry | NoticeEntry


def append(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Write `entries`, and drop what is too old or too much. Raises sqlite3.Error."""
    rows = [(entry.at, json.dumps(msgspec.to_builtins(entry))) for entry in entries]
    connection.executemany("INSERT INTO history (at, document) VALUES (?, ?)", rows)
    oldest_at = max(at for at, _ in rows) - KEPT_SECONDS
    connection.execute(
        # By id, which is the order of time: the index ends the search at the first row kept.
        "DELETE FROM history WHERE id < (SELECT id FROM history WHERE at >= ? ORDER BY id LIMIT 1)",
        (oldest_at,),
    )
    connection.execute(
        "DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?", (MAX_ROWS,)
    )


def latest(
    connection: sqlite3.Connection, since: float, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """Return entries as `{"id", "kind", "at", …}`, the latest first.

    Not older than `since` (Unix seconds), with ids below `before`, `limit` at the most.
    Raises sqlite3.Error, ValueError for a row that was damaged.
    """
    rows = connection.execute(
        "SELECT id, document FROM history WHERE id < ? AND at >= ? ORDER BY id DESC LIMIT ?",
        (2**62 if before is None else before, since, limit),
    )
    return [{"id": number, **json.loads(document)} for number, document in rows]

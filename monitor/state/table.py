"""One table of the state file: values of one kind as JSON documents. Used by `store.py`."""

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)
Key = tuple[str | float | None, ...]


@dataclass(frozen=True, slots=True)
class Changes(Generic[T]):
    """What has to be written so that the table holds what it should."""

    written: dict[Key, T]
    removed: set[Key]

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


class Table(Generic[T]):
    """Knows what the table holds, so that only what changed is written."""

    def __init__(self, name: str, kind: type[T], key: Callable[[T], Key]) -> None:
        self.name = name
        self._kind = kind
        self._key = key
        self._held: dict[Key, T] = {}

    def load(self, connection: sqlite3.Connection) -> tuple[T, ...]:
        """Return all values. Raises sqlite3.Error, or what json and msgspec raise for a
        corrupt document."""
        # The names of tables are our own constants.
        rows = connection.execute(f"SELECT document FROM {self.name}")  # noqa: S608
        values = [msgspec.convert(json.loads(document), self._kind) for (document,) in rows]
        self._held = {self._key(value): value for value in values}
        return tuple(values)

    def changes(self, values: Iterable[T]) -> Changes[T]:
        """Return what differs between `values` and what the table holds."""
        wanted = {self._key(value): value for value in values}
        written = {key: value for key, value in wanted.items() if value != self._held.get(key)}
        return Changes(written, self._held.keys() - wanted.keys())

    def write(self, connection: sqlite3.Connection, changes: Changes[T]) -> None:
        """Write `changes` within the transaction that is open. Raises sqlite3.Error."""
        # Escaped to ASCII, because SQLite refuses the lone surrogates of names in bad UTF-8.
        connection.executemany(
            f"INSERT OR REPLACE INTO {self.name} VALUES (?, ?)",  # noqa: S608 - see load
            [
                (json.dumps(key), json.dumps(msgspec.to_builtins(value)))
                for key, value in changes.written.items()
            ],
        )
        connection.executemany(
            f"DELETE FROM {self.name} WHERE key = ?",  # noqa: S608 - see load
            [(json.dumps(key),) for key in changes.removed],
        )

    def committed(self, changes: Changes[T]) -> None:
        """Take note that the transaction of `changes` is through."""
        self._held.update(changes.written)
        for key in changes.removed:
            del self._held[key]

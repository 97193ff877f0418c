"""The state file, so that a restart forgets nothing: an embedded SQLite database.

Everything here blocks; the daemon calls it from one thread of its own. When it raises, the
daemon goes on in memory and says so.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os.path import samestat
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from monitor.alerts.alert import Alert
from monitor.alerts.delivery import Delivery
from monitor.alerts.silences import Silence
from monitor.facts.readings import RosterEntry
from monitor.state import history
from monitor.state.path import make_private
from monitor.state.saved import KnownQueue, KnownRhythm, Saved
from monitor.state.schema import MIGRATIONS
from monitor.state.table import Table

BUSY_TIMEOUT_SECONDS = 1.0

_CORRUPT = (ValueError, TypeError, RecursionError, msgspec.MsgspecError)
"""What comes of documents that are no JSON, or not of their kind."""


class StateError(Exception):
    """The state cannot be kept or read; the message is one line that says why."""


class CorruptStateError(StateError):
    """The file is there, and is not a state file, or no longer one."""


class Store:
    """An open state file. Made by `Store.open`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._file = path.stat()
        self._connection = connection
        self._tables: tuple[Table[Any], ...] = (
            Table("alerts", Alert, lambda alert: alert.incarnation),
            Table("deliveries", Delivery, lambda d: (d.channel, d.group_key)),
            Table("roster", RosterEntry, lambda w: (w.broker, w.hostname, w.pid)),
            Table("queues", KnownQueue, lambda q: (q.broker, q.queue_name)),
            Table("silences", Silence, lambda silence: (silence.id,)),
            Table("rhythms", KnownRhythm, lambda r: (r.broker, r.task)),
        )
        """One for each field of `Saved`, by its name."""

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open the state file at `path`, or make one. Raises StateError."""
        with _explained(path):
            make_private(path)
            # isolation_level None: transactions are begun and ended below, nowhere else.
            connection = sqlite3.connect(
                path,
                timeout=BUSY_TIMEOUT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

    def load(self) -> Saved:
        """Return what an earlier run saved. Raises StateError."""
        with _explained(self.path):
            return Saved(**{each.name: each.load(self._connection) for each in self._tables})

    def save(self, saved: Saved, entries: Sequence[history.Entry] = ()) -> None:
        """Make the file hold `saved`: what changed, in one transaction. Raises StateError.

        `entries` are added to the history.

        After an error the next call writes all that has changed since the last good one.
        """
        self._check_file()
        lasting = tuple(alert for alert in saved.alerts if alert.state != "pending")
        kept = replace(saved, alerts=lasting)
        found = [(table, table.changes(getattr(kept, table.name))) for table in self._tables]
        changed = [(table, changes) for table, changes in found if changes]
        if not (changed or entries):
            return
        with _explained(self.path), _transaction(self._connection):
            for table, changes in changed:
                table.write(self._connection, changes)
            if entries:
                history.append(self._connection, entries)
        for table, changes in changed:
            table.committed(changes)

    def history(self, since: float, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Return entries of the history, as `history.latest` does. Raises StateError."""
        with _explained(self.path):
            return history.latest(self._connection, since, before, limit)

    def _check_file(self) -> None:
        """Raise StateError when the file is gone from its place.

        SQLite would go on writing to what nobody will find again.
        """
        with _explained(self.path):
            if not samestat(self._file, self.path.stat()):
                raise StateError(f"state file {self.path} was replaced by another file")

    def close(self) -> None:
        """Close the file. Raises StateError."""
        with _explained(self.path):
            self._connection.close()


def _prepare(connection: sqlite3.Connection) -> None:
    # Exclusive: two monitors on one file would undo each other's work; the second is told.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    with _transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise ValueError("it was written by a newer version of queue-monitor")
        for step in MIGRATIONS[version:]:
            for statement in step:
                connection.execute(statement)
        # Not written when it is so already: a file that turns out to be damaged stays as it is.
        if version < len(MIGRATIONS):
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn whatever is wrong with the file into a StateError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StateError(f"state file {path} is in use by another process") from error
        raise StateError(f"state file {path}: {error}") from error
    except OSError as error:
        raise StateError(f"state file {path}: {error.strerror}") from error
    except (sqlite3.Error, *_CORRUPT) as error:
        raise CorruptStateError(f"state file {path} cannot be used: {error}") from error

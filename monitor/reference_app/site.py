"""The site's data, in SQLite: people, who follows whom, who was mailed, figures and ballots.

Used by tasks, by the front and by the batch. All of it lives in one folder, so that it can be
looked at and thrown away. A person is known by the mail address.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.reference_app.files import replacing

_SCHEMA = """
CREATE TABLE IF NOT EXISTS people (
    address TEXT PRIMARY KEY,
    following INTEGER NOT NULL DEFAULT 0,
    followers INTEGER NOT NULL DEFAULT 0,
    welcome_email_sent INTEGER NOT NULL DEFAULT 0,
    seen_at REAL NOT NULL,
    active INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS follows (
    follower TEXT, followed TEXT, PRIMARY KEY (follower, followed)
);
CREATE TABLE IF NOT EXISTS mailed (
    address TEXT, occasion TEXT, PRIMARY KEY (address, occasion)
);
CREATE TABLE IF NOT EXISTS figures (name TEXT, value REAL, at REAL);
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as the front shows them."""

    address: str
    following: int
    followers: int


class Site:
    """The site's data in `folder`, which is made when it is missing."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        with self._connected() as db:
            db.executescript(_SCHEMA)

    def sign_up(self, *addresses: str) -> None:
        """Make people known; who is known already stays as they are."""
        with self._connected() as db:
            _sign_up(db, addresses)

    def person(self, address: str) -> Person:
        """Return somebody's counts; somebody unknown has none."""
        query = "SELECT following, followers FROM people WHERE address = ?"
        with self._connected() as db:
            row = db.execute(query, (address,)).fetchone()
        return Person(address, *(row or (0, 0)))

    def follow(self, follower: str, followed: str) -> None:
        """Let one follow the other and raise both their counts; once, however often called."""
        with self._connected() as db:
            _sign_up(db, (follower, followed))
            query = "INSERT OR IGNORE INTO follows VALUES (?, ?)"
            if db.execute(query, (follower, followed)).rowcount == 0:
                return
            raise_count = "UPDATE people SET {0} = {0} + 1 WHERE address = ?"
            db.execute(raise_count.format("following"), (follower,))
            db.execute(raise_count.format("followers"), (followed,))

    def most_followed(self, count: int) -> list[Person]:
        """Return the `count` people with the most followers, the first first."""
        query = (
            "SELECT address, following, followers FROM people WHERE followers > 0"
            " ORDER BY followers DESC, address LIMIT ?"
        )
        with self._connected() as db:
            return [Person(*row) for row in db.execute(query, (count,))]

    # -- who has had which mail ----------------------------------------------------------

    def unwelcomed(self, limit: int) -> list[str]:
        """Return up to `limit` people who have had no welcome mail."""
        query = "SELECT address FROM people WHERE welcome_email_sent = 0 AND active LIMIT ?"
        with self._connected() as db:
            return [address for (address,) in db.execute(query, (limit,))]

    def welcoming(self, address: str) -> AbstractContextManager[bool]:
        """Mark somebody as welcomed; the block mails only if it is given True.

        Only one of all who try at once is given it. The mark goes away if the block fails.
        """
        self.sign_up(address)
        return self._marked(
            "UPDATE people SET welcome_email_sent = 1 WHERE address = ? AND welcome_email_sent = 0",
            "UPDATE people SET welcome_email_sent = 0 WHERE address = ?",
            (address,),
        )

    def mailing(self, address: str, occasion: str) -> AbstractContextManager[bool]:
        """Note that somebody is mailed on an occasion; True, and the mark, as in `welcoming`."""
        return self._marked(
            "INSERT OR IGNORE INTO mailed VALUES (?, ?)",
            "DELETE FROM mailed WHERE address = ? AND occasion = ?",
            (address, occasion),
        )

    @contextmanager
    def _marked(self, mark: str, unmark: str, values: tuple[str, ...]) -> Iterator[bool]:
        """Run the statement `mark`, and `unmark` if the block fails; yield whether it marked."""
        with self._connected() as db:
            ours = db.execute(mark, values).rowcount == 1
        try:
            yield ours
        except Exception:  # whatever it is, there was no mail
            if ours:
                with self._connected() as db:
                    db.execute(unmark, values)
            raise

    # -- the rest ------------------------------------------------------------------------

    def deactivate(self, not_seen_since: float, limit: int) -> int:
        """Deactivate up to `limit` people last seen before (Unix seconds); return how many."""
        query = (
            "UPDATE people SET active = 0 WHERE address IN"
            " (SELECT address FROM people WHERE active AND seen_at < ? LIMIT ?)"
        )
        with self._connected() as db:
            return db.execute(query, (not_seen_since, limit)).rowcount

    def record(self, name: str, value: float) -> None:
        """Keep a figure, with the time."""
        with self._connected() as db:
            db.execute("INSERT INTO figures VALUES (?, ?, ?)", (name, value, time.time()))

    def figures(self, name: str) -> list[float]:
        """Return the figures of that name, the oldest first."""
        with self._connected() as db:
            query = "SELECT value FROM figures WHERE name = ? ORDER BY at"
            return [value for (value,) in db.execute(query, (name,))]

    def publish(self, name: str, text: str) -> None:
        """Replace a file; a reader sees the old one or the new one, never half."""
        with replacing(self.folder / name) as new:
            new.write_text(text)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        # Several workers write at once: each waits for its turn up to this many seconds.
        with closing(sqlite3.connect(self.folder / "site.db", timeout=10.0)) as db, db:
            yield db


def _sign_up(db: sqlite3.Connection, addresses: tuple[str, ...]) -> None:
    query = "INSERT OR IGNORE INTO people (address, seen_at) VALUES (?, ?)"
    db.executemany(query, [(address, time.time()) for address in addresses])

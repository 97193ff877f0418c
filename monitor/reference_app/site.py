"""What the tasks work on: who follows whom, and a mailbox. Used by `tasks` only.

All of it lives in one folder, so that it can be looked at and thrown away.
"""

import mailbox
import os
import sqlite3
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path


def data_folder() -> Path:
    """Return $REFERENCE_APP_FOLDER, else a folder of its own in the XDG data folder."""
    chosen = os.environ.get("REFERENCE_APP_FOLDER")
    if chosen:
        return Path(chosen)
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data_home) / "queue-monitor-reference-app"


class Site:
    """The site's data in `folder`, which is made when it is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("new", "cur", "tmp"):
            # A Maildir would make them itself, but two workers at once would trip over it.
            (folder / "mailbox" / name).mkdir(parents=True, exist_ok=True)

    def record_follow(self, follower: str, followed: str) -> None:
        """Note that `follower` follows `followed`; the second time changes nothing."""
        with closing(self._connect()) as db, db:
            db.execute("INSERT OR IGNORE INTO follows VALUES (?, ?)", (follower, followed))

    def most_followed(self, count: int) -> list[tuple[str, int]]:
        """Return the `count` people with the most followers, the first first."""
        with closing(self._connect()) as db:
            return db.execute(
                "SELECT followed, count(*) AS followers FROM follows"
                " GROUP BY followed ORDER BY followers DESC, followed LIMIT ?",
                (count,),
            ).fetchall()

    def publish_leader_board(self, lines: list[str]) -> None:
        """Replace the leader board; a reader sees the old one or the new one, never half."""
        new = self._folder / f"leader-board.{os.getpid()}.new"
        new.write_text("\n".join(lines) + "\n")
        new.replace(self._folder / "leader-board.txt")

    def send_mail(self, address: str, subject: str, text: str) -> None:
        """Put a mail into the mailbox: one file a mail, there whole or not at all.

        Raises ValueError when `address` is not one.
        """
        if "@" not in address:
            raise ValueError(f"{address!r} is not a mail address")
        mail = EmailMessage()
        mail["From"] = "hello@reference-app.example"
        mail["To"] = address
        mail["Subject"] = subject
        mail.set_content(text)
        # A Maildir writes in tmp/ and renames into new/, which is what makes it atomic.
        mailbox.Maildir(self._folder / "mailbox").add(mail)

    def _connect(self) -> sqlite3.Connection:
        # Several workers write at once: each waits for its turn up to this many seconds.
        db = sqlite3.connect(self._folder / "site.db", timeout=10.0)
        db.execute(
            "CREATE TABLE IF NOT EXISTS follows"
            " (follower TEXT, followed TEXT, PRIMARY KEY (follower, followed))"
        )
        return db

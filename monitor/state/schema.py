"""The steps from an empty state file to the present one. Applied by `store.py`.

Each kind of thing is a table of a key and a JSON document, so that a value can get another
field, with a default, without touching the file.
"""

TABLES = ("alerts", "deliveries", "roster", "queues")

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    tuple(
        f"CREATE TABLE {table} (key TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID"
        for table in TABLES
    ),
)
"""Statements by `user_version`: a file at version n needs those from index n on. Never change
a step that was released; add another."""

"""The steps from an empty state file to the present one. Applied by `store.py`.

Each kind of thing is a table of a key and a JSON document, so that a value can get another
field, with a default, without touching the file. The history is a journal: rows are appended,
and the oldest go.
"""


def _documents(table: str) -> str:
    return f"CREATE TABLE {table} (key TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID"


MIGRATIONS: tuple[tuple[str, ...], ...] = (
    tuple(map(_documents, ("alerts", "deliveries", "roster", "queues"))),
    (
        _documents("silences"),
        "CREATE TABLE history (id INTEGER PRIMARY KEY, at REAL NOT NULL, document TEXT NOT NULL)",
    ),
    (_documents("rhythms"),),
)
"""Statements by `user_version`: a file at version n needs those from index n on. Never change
a step that was released; add another."""

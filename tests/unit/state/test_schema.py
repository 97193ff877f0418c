"""State files of earlier versions, written by those versions, are taken over."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from monitor.state.schema import MIGRATIONS
from monitor.state.store import Store
from tests.unit.state.test_store import DELIVERY, EVERYTHING, RHYTHM, SILENCE

FILES = sorted(Path(__file__).parent.glob("state-v*.db"))


def test_there_is_a_file_of_every_earlier_version():
    assert [file.stem for file in FILES] == [f"state-v{n}" for n in range(1, len(MIGRATIONS))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_of_an_earlier_version_is_taken_over_whole(file, tmp_path):
    path = tmp_path / "state.db"
    shutil.copy(file, path)
    store = Store.open(path)
    saved = store.load()
    assert set(saved.alerts) == set(EVERYTHING.alerts)
    assert saved.deliveries == (DELIVERY,)
    assert (saved.roster, saved.queues) == (EVERYTHING.roster, EVERYTHING.queues)
    # And goes on as one of this version.
    store.save(replace(saved, silences=(SILENCE,), rhythms=(RHYTHM,)))
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        for table in ("silences", "rhythms"):
            rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
            assert rows == (1,)

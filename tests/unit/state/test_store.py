import sqlite3
import subprocess
import sys

import pytest
from msgspec.structs import astuple, replace

from monitor.alerts.delivery import Delivery
from monitor.alerts.matchers import Matcher
from monitor.alerts.silences import Silence
from monitor.facts.readings import RosterEntry
from monitor.state.saved import KnownQueue, KnownRhythm, Saved
from monitor.state.store import StateError, Store
from tests.unit.alerts.worlds import alert

FIRING = alert(started_at=100.5)
RESOLVED = alert(queue_name="low", started_at=90.0, resolved_at=95.0, resolved_reason="gone")
DELIVERY = Delivery(
    channel="one",
    group_key="{}:{}",
    firing=frozenset({FIRING.incarnation}),
    resolved=frozenset({RESOLVED.incarnation}),
    delivered_at=103.0,
)
WORKER = RosterEntry(
    broker="default",
    hostname="high@web1",
    pid=None,
    state="dead",
    first_seen_at=1.0,
    last_seen_at=99.0,
    freq_seconds=2.0,
    queues=("high", "low"),
    processes_before={"high": 2},
)
QUEUE = KnownQueue("default", "high", 99.0)
SILENCE = Silence(
    id="one",
    matchers=(Matcher("queue_name", "=~", "hi.*"),),
    starts_at=1.0,
    ends_at=2.5,
    updated_at=1.0,
    created_by="ann",
    comment="deploy",
)
RHYTHM = KnownRhythm("default", "app.report", 60.0, 3600.0)
EVERYTHING = Saved((FIRING, RESOLVED), (DELIVERY,), (WORKER,), (QUEUE,), (SILENCE,), (RHYTHM,))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


def reopened(path):
    store = Store.open(path)
    saved = store.load()
    store.close()
    return saved


def save(path, saved):
    store = Store.open(path)
    store.load()
    store.save(saved)
    store.close()


def test_everything_comes_back(path):
    assert all(astuple(EVERYTHING)), "what is empty proves nothing"
    save(path, EVERYTHING)
    assert set(reopened(path).alerts) == set(EVERYTHING.alerts)
    assert replace(reopened(path), alerts=()) == replace(EVERYTHING, alerts=())


def test_whom_a_delivery_missed_comes_back(path):
    missed = frozenset({RESOLVED.incarnation})
    delivery = replace(DELIVERY, missing=frozenset({"ann@example.com"}), missed=missed)
    save(path, Saved(deliveries=(delivery,)))
    assert reopened(path).deliveries == (delivery,)


def test_a_new_file_is_empty(path):
    assert reopened(path) == Saved()


def test_what_changed_is_written_and_what_is_gone_is_removed(path):
    save(path, EVERYTHING)
    told = replace(DELIVERY, delivered_at=200.0)
    save(path, Saved((FIRING,), (told,), (), (QUEUE,)))
    assert reopened(path) == Saved((FIRING,), (told,), (), (QUEUE,))


def test_pending_alerts_are_not_kept(path):
    save(path, Saved((alert(started_at=None),)))
    assert reopened(path) == Saved()


def test_names_that_are_no_utf8_come_back(path):
    queue = KnownQueue("default", "bad\udcff\n\"'", 1.0)
    save(path, Saved(queues=(queue,)))
    assert reopened(path).queues == (queue,)


def test_nothing_is_written_when_nothing_changed(path):
    store = Store.open(path)
    store.save(EVERYTHING)
    statements = []
    store._connection.set_trace_callback(statements.append)
    store.save(EVERYTHING)
    store.save(replace(EVERYTHING, alerts=(replace(FIRING), replace(RESOLVED))))
    assert statements == []
    store.close()


def test_what_changed_is_written_at_once(path):
    save(path, EVERYTHING)
    seen = replace(WORKER, last_seen_at=WORKER.last_seen_at + 1.0, state="online")
    save(path, replace(EVERYTHING, roster=(seen,)))
    assert reopened(path).roster == (seen,)


def test_a_file_that_is_gone_from_its_place_is_told(path):
    store = Store.open(path)
    path.unlink()
    with pytest.raises(StateError, match="No such file"):
        store.save(EVERYTHING)
    path.touch()
    with pytest.raises(StateError, match="was replaced"):
        store.save(EVERYTHING)
    store.close()


def test_what_was_saved_survives_a_kill(path):
    program = f"""
import os, signal
from pathlib import Path
from monitor.state.saved import KnownQueue, Saved
from monitor.state.store import Store
store = Store.open(Path({str(path)!r}))
store.save(Saved(queues=(KnownQueue("default", "high", 99.0),)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False)  # it kills itself
    assert reopened(path).queues == (QUEUE,)


def test_file_and_folders_are_private(tmp_path):
    path = tmp_path / "new" / "folder" / "state.db"
    save(path, EVERYTHING)
    modes = {p: p.stat().st_mode & 0o777 for p in (path, path.parent, path.parent.parent)}
    assert modes == {path: 0o600, path.parent: 0o700, path.parent.parent: 0o700}


def test_a_second_monitor_on_the_same_file_is_told(path, monkeypatch):
    monkeypatch.setattr("monitor.state.store.BUSY_TIMEOUT_SECONDS", 0.05)
    store = Store.open(path)
    with pytest.raises(StateError, match=r"state file .*state\.db is in use by another process"):
        Store.open(path)
    store.close()


def damaged(path, sql):
    save(path, EVERYTHING)
    connection = sqlite3.connect(path)
    connection.execute(sql)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE alerts SET document = '{'", "cannot be used: Expecting property name"),
        ("UPDATE alerts SET document = '{}'", "cannot be used: Object missing required field"),
        ("UPDATE alerts SET document = 7", "cannot be used: Expected `object`, got `int`"),
        ("UPDATE alerts SET document = x'ff'", "cannot be used: "),
        ("DROP TABLE roster", "no such table: roster"),
        ("PRAGMA user_version = 99", "it was written by a newer version of queue-monitor"),
    ],
)
def test_a_damaged_file_is_a_state_error(path, sql, message):
    damaged(path, sql)
    with pytest.raises(StateError) as caught:
        reopened(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_database_is_a_state_error_and_stays_as_it_is(path):
    path.write_text("precious notes, not a database " * 200)
    with pytest.raises(StateError, match="file is not a database"):
        Store.open(path)
    assert path.read_text().startswith("precious notes")


@pytest.mark.parametrize("place", ["a-file/state.db", "."])
def test_a_place_where_no_file_can_be_is_a_state_error(tmp_path, place):
    (tmp_path / "a-file").write_text("")
    with pytest.raises(StateError, match=r"(Not|Is) a directory"):
        Store.open(tmp_path / place)


def test_a_save_that_fails_is_made_up_for_by_the_next(path):
    store = Store.open(path)
    store._connection.execute("PRAGMA max_page_count = 8")
    flood = tuple(KnownQueue("default", f"queue{n}", 1.0) for n in range(5000))
    with pytest.raises(StateError, match="full"):
        store.save(replace(EVERYTHING, queues=flood))
    store._connection.execute("PRAGMA max_page_count = 100000")
    store.save(replace(EVERYTHING, queues=flood))
    store.close()
    assert len(reopened(path).queues) == len(flood)

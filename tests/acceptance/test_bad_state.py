"""State that cannot be kept: the monitor goes on in memory, says so, and still alerts."""

import resource
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import redis

from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver

GARBAGE = b"\x00\xffthis is no database\n" * 500


@pytest.fixture
def daemon(daemon: Monitor, receiver: Receiver) -> Monitor:
    receiver.listen()
    return daemon


def state_of(daemon: Monitor) -> Path:
    return Path(daemon.settings["state"]["file"])


def writable(daemon: Monitor) -> float | None:
    return daemon.metrics().value("queue_monitor_state_writable")


def expect_alerts_all_the_same(
    client: "redis.Redis", receiver: Receiver, queue: str = "high"
) -> None:
    client.lpush(queue, *["{}"] * 20)
    receiver.until(1, queue_name=queue)


def expect_memory_only(daemon: Monitor) -> None:
    daemon.until(lambda m: m.value("queue_monitor_state_writable") == 0)
    daemon.logged('msg="state is kept in memory only"')
    assert b"State is kept in memory only" in daemon.get("/")[1]
    assert daemon.status("/-/healthy") == daemon.status("/-/ready") == 200


@pytest.mark.parametrize("variable", ["HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"])
def test_a_default_location_that_cannot_be_written(
    daemon: Monitor,
    monitor: Callable[..., Monitor],
    client: "redis.Redis",
    receiver: Receiver,
    tmp_path: Path,
    variable: str,
) -> None:
    # Also root cannot make a folder below a file.
    file = tmp_path / "file"
    file.write_text("")
    default = monitor({**daemon.settings, "state": {}}, {variable: str(file)})
    default.start()
    expect_memory_only(default)
    expect_alerts_all_the_same(client, receiver)
    assert default.stop() == 0


@pytest.fixture
def saved(daemon: Monitor) -> Path:
    """Return the state file of a monitor that ended in good order."""
    daemon.start()
    assert daemon.stop() == 0
    return state_of(daemon)


def overwritten(file: Path) -> None:
    file.write_bytes(GARBAGE)


def cut_in_half(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def damaged_inside(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:100] + GARBAGE[: len(content) - 100])


def with_other_documents(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE queues SET document = '{\"broker\": 7}'")


def of_a_newer_version(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA user_version = 1000")


@pytest.mark.parametrize(
    "damage",
    [overwritten, cut_in_half, damaged_inside, with_other_documents, of_a_newer_version],
)
def test_a_state_file_that_was_damaged_before_the_start(
    daemon: Monitor,
    saved: Path,
    client: "redis.Redis",
    receiver: Receiver,
    damage: Callable[[Path], None],
) -> None:
    damage(saved)
    damaged = saved.read_bytes()
    daemon.start()
    expect_memory_only(daemon)
    expect_alerts_all_the_same(client, receiver)
    assert daemon.stop() == 0
    # Whoever wants to rescue something from it still can.
    assert saved.read_bytes() == damaged


def test_an_empty_state_file_is_a_new_one(daemon: Monitor) -> None:
    state_of(daemon).touch()
    daemon.start()
    daemon.tick()
    assert writable(daemon) == 1


def removed(file: Path) -> None:
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()


def replaced(file: Path) -> None:
    removed(file)
    file.write_bytes(GARBAGE)


def folder_removed(file: Path) -> None:
    shutil.rmtree(file.parent)


@pytest.mark.parametrize("loss", [removed, replaced, folder_removed])
def test_a_state_file_that_is_lost_while_the_monitor_runs(
    daemon: Monitor,
    client: "redis.Redis",
    receiver: Receiver,
    loss: Callable[[Path], None],
) -> None:
    file = daemon.folder / "state" / "state.db"
    daemon.settings = {**daemon.settings, "state": {"file": str(file)}}
    daemon.start()
    assert writable(daemon) == 1
    loss(file)
    expect_memory_only(daemon)
    expect_alerts_all_the_same(client, receiver)
    assert daemon.stop() == 0


def test_a_disk_that_is_full_for_a_while(
    daemon: Monitor, client: "redis.Redis", receiver: Receiver
) -> None:
    daemon.start()
    daemon.tick()
    process = daemon.process
    assert process is not None
    log = state_of(daemon).with_name("state.db-wal")
    _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    # No file may grow past what the state's has now.
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, most))
    expect_alerts_all_the_same(client, receiver)
    expect_memory_only(daemon)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
    expect_alerts_all_the_same(client, receiver, "low")
    daemon.until(lambda m: m.value("queue_monitor_state_writable") == 1)
    daemon.logged('msg="state is saved again"')
    # What could not be saved then has been by now.
    daemon.tick()
    daemon.kill()
    daemon.start()
    daemon.until(lambda m: m.value("queue_monitor_alerts", state="firing") == 2)
    daemon.tick(5)
    assert len(receiver.alerts()) == 2

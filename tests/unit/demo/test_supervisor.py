import os
import signal
import sys
from collections.abc import Iterator

import pytest

from monitor.demo.supervisor import (
    RESTART_AFTER_SECONDS,
    RESTART_KILLED_AFTER_SECONDS,
    Supervisor,
)
from monitor.demo.workspace import Workspace
from tests.leftovers import is_running
from tests.waiting import eventually

SLEEPER = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Workspace() as workspace:
        yield Supervisor(workspace, {"one": SLEEPER, "two": SLEEPER}, {})


def end_from_outside(supervisor: Supervisor, name: str, how: signal.Signals) -> None:
    pid = supervisor.pid(name)
    assert pid is not None
    os.kill(pid, how)
    assert eventually(lambda: not is_running(pid))


@pytest.mark.parametrize(
    ("how", "restart_after_seconds"),
    [
        (signal.SIGTERM, RESTART_AFTER_SECONDS),
        (signal.SIGKILL, RESTART_KILLED_AFTER_SECONDS),
    ],
)
def test_what_exits_is_started_again_and_what_was_killed_so_much_later(
    supervisor: Supervisor, how: signal.Signals, restart_after_seconds: float
) -> None:
    supervisor.start("one")
    end_from_outside(supervisor, "one", how)
    supervisor.look(100.0)
    supervisor.look(100.0 + restart_after_seconds - 0.1)
    assert supervisor.pid("one") is None
    supervisor.look(100.0 + restart_after_seconds)
    pid = supervisor.pid("one")
    assert pid is not None
    assert is_running(pid)


async def test_what_was_ended_on_purpose_stays_ended_until_it_is_started(
    supervisor: Supervisor,
) -> None:
    supervisor.start("one")
    supervisor.start("two")
    supervisor.kill("one")
    await supervisor.stop("two")
    supervisor.look(1e9)
    assert supervisor.pid("one") is None
    assert supervisor.pid("two") is None
    supervisor.start("one")
    assert supervisor.pid("one") is not None


async def test_what_waits_for_its_restart_can_be_stopped(supervisor: Supervisor) -> None:
    supervisor.start("one")
    end_from_outside(supervisor, "one", signal.SIGTERM)
    supervisor.look(100.0)
    await supervisor.stop_all()
    supervisor.look(1e9)
    assert supervisor.pid("one") is None


async def test_after_stopping_all_nothing_runs(supervisor: Supervisor) -> None:
    supervisor.start("one")
    supervisor.start("two")
    pids = [supervisor.pid("one"), supervisor.pid("two")]
    await supervisor.stop_all()
    assert eventually(lambda: not any(pid and is_running(pid) for pid in pids))

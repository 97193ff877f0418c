import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from monitor.demo import processes
from monitor.demo.workspace import Workspace
from tests.leftovers import is_running
from tests.waiting import eventually

# Starts a child of its own and says its pid, as a Celery worker starts its pool.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def said(log_file: Path) -> str:
    assert eventually(lambda: log_file.exists() and log_file.read_text().endswith("\n"))
    return log_file.read_text()


def test_closing_a_workspace_ends_its_processes_and_their_children_and_removes_its_folder() -> None:
    with Workspace() as workspace:
        parent = workspace.start("parent", [sys.executable, "-c", PARENT])
        child_pid = int(said(workspace.log_file("parent")))
        assert is_running(child_pid)
    assert not is_running(parent.pid)
    assert eventually(lambda: not is_running(child_pid))
    assert not workspace.folder.exists()


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_program_that_is_killed_leaves_no_process_and_no_folder(ending: signal.Signals) -> None:
    program = f"""
import sys, time
from monitor.demo.workspace import Workspace
workspace = Workspace()
workspace.start("parent", [sys.executable, "-c", {PARENT!r}])
print(workspace.folder, flush=True)
time.sleep(600)
"""
    killed = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    folder = Path(killed.stdout.readline().rstrip("\n"))
    child_pid = int(said(folder / "parent.log"))
    killed.send_signal(ending)
    killed.communicate()
    assert eventually(lambda: not folder.exists())
    assert eventually(lambda: not is_running(child_pid))


async def test_a_process_that_does_not_listen_is_killed_in_the_end() -> None:
    with Workspace() as workspace:
        stubborn = workspace.start("stubborn", [sys.executable, "-c", STUBBORN])
        said(workspace.log_file("stubborn"))
        await asyncio.to_thread(processes.stop, stubborn, patience_seconds=0.1)
        assert stubborn.returncode == -signal.SIGKILL


async def test_stopping_a_process_that_has_ended_is_no_error() -> None:
    with Workspace() as workspace:
        ended = workspace.start("ended", [sys.executable, "-c", ""])
        ended.wait()
        await workspace.stop(ended)
        workspace.kill(ended)


def test_a_process_keeps_its_name_its_arguments_and_its_environment(tmp_path: Path) -> None:
    program = "import os, sys; print(sys.argv[1], os.environ['WORD'])"
    log_file = tmp_path / "log"
    process = processes.start(
        [sys.executable, "-c", program, "two words"], log_file=log_file, environ={"WORD": "x"}
    )
    assert process.wait() == 0
    assert log_file.read_text() == "two words x\n"


def test_processes_are_not_started_from_a_thread_that_may_end_before_them(tmp_path: Path) -> None:
    raised = []

    def start() -> None:
        with pytest.raises(RuntimeError) as info:
            processes.start(["true"], log_file=tmp_path / "log")
        raised.append(info)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert raised


def test_a_process_whose_parent_died_before_it_could_be_bound_does_not_run() -> None:
    from monitor.demo import leash

    somebody_else = str(os.getppid())
    leashed = [sys.executable, "-I", "-S", leash.__file__, somebody_else, "true"]
    assert subprocess.run(leashed, check=False).returncode == 1

"""Every command of docs/reference-app.md, run from top to bottom as a newcomer would."""

import re
import sys
from pathlib import Path

import pytest

from monitor.demo import processes
from monitor.demo.broker import find_server, free_port
from monitor.demo.scenarios import SCENARIOS
from tests.acceptance.monitor_process import clean_environ

GUIDE = Path(__file__).parents[2] / "docs" / "reference-app.md"
PORTS = ("6379", "8000", "8001", "9808", "5555")
GUIDE_SECONDS = 170.0

# The programs of this environment, under the names that the guide calls them by.
PROGRAMS = {
    "queue-monitor": f'exec {sys.executable} -m monitor "$@"',
    "celery": f'exec {sys.executable} -m celery "$@"',
    "python": f'exec {sys.executable} "$@"',
}


def commands() -> str:
    return "\n".join(re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL))


@pytest.mark.timeout(240)
def test_every_command_of_the_guide_runs(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, line in (PROGRAMS | {"redis-server": f'exec {find_server()} "$@"'}).items():
        (programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (programs / name).chmod(0o755)
    script = commands()
    environ = clean_environ(tmp_path)
    for port in PORTS:
        chosen = str(free_port())
        script = re.sub(rf"\b{port}\b", chosen, script)
        if port == "8001":
            environ["REFERENCE_APP_PARTNER_URL"] = f"http://127.0.0.1:{chosen}"
    environ |= {
        "PATH": f"{programs}:{environ['PATH']}",
        "PYTHONPATH": str(Path.cwd()),
        "REFERENCE_APP_FOLDER": str(tmp_path / "site"),
        # A mail server that is quicker than the guide's, so as not to wait for it for a minute.
        "REFERENCE_APP_MAIL_SECONDS": "0.1",
    }
    log = tmp_path / "guide.log"
    guide = processes.start(
        ["bash", "-euxc", f"cd {tmp_path}\n{script}"], log_file=log, environ=environ
    )
    try:
        status = guide.wait(GUIDE_SECONDS)
    finally:
        processes.kill(guide)
    said = log.read_text()
    assert status == 0, said
    for expected in (
        r'id="inline-answered">\d+ ms<',
        r'id="queued-answered">\d+ ms<',
        "failure: ChordError",
        "never sent",
        "eager mode is on",
        "nothing to warn of",
        r"BROKER OK",
        r"queue high flooded +HighQueueBacklog .* yes",
        r"Ran \d+ tests",
    ):
        assert re.search(expected, said), f"{expected!r} is not in:\n{said}"


def test_the_guide_names_every_scenario() -> None:
    named = {line.split("`")[1] for line in GUIDE.read_text().splitlines() if line[:3] == "| `"}
    assert named >= SCENARIOS.keys()

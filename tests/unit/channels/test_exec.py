import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from monitor.channels.base import RefusedError, SendError
from monitor.channels.exec import ExecChannel
from monitor.channels.settings import ExecSettings
from monitor.channels.webhook import payload
from tests.unit.channels.notices import notice

PAGE = "http://monitor:9808/"


def channel(code, *arguments, timeout=20.0):
    command = (sys.executable, "-c", code, *arguments)
    return ExecChannel(ExecSettings(type="exec", command=command, timeout=timeout), None, PAGE)


async def test_the_program_gets_the_webhooks_payload_and_its_arguments_as_they_are(tmp_path):
    code = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read()); print(sys.argv[2])"
    receipt = await channel(code, str(tmp_path / "got"), "$(id); `id`").send(notice())
    assert json.loads((tmp_path / "got").read_text()) == payload(notice(), PAGE)
    assert receipt.said == "$(id); `id`"


async def test_a_program_that_fails_is_tried_again_and_is_quoted():
    with pytest.raises(SendError) as caught:
        await channel("import sys; sys.exit('no paper')").send(notice())
    assert type(caught.value) is SendError
    assert str(caught.value) == "the program ended with 1: no paper"


async def test_a_program_that_reads_nothing_has_taken_it_all_the_same():
    await channel("pass").send(notice())


# What the program started may outlive it, and hold its output open.
@pytest.mark.parametrize("last", ["time.sleep(600)", "pass"])
async def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path, last):
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid))\n"
        f"{last}"
    )
    with pytest.raises(SendError) as caught:
        await channel(code, str(tmp_path / "pid"), timeout=1.0).send(notice())
    assert str(caught.value) == "the program did not end within 1s"
    child = int((tmp_path / "pid").read_text())
    async with asyncio.timeout(20):
        while _runs(child):  # noqa: ASYNC110 - /proc tells nobody
            await asyncio.sleep(0.01)


def _runs(pid):
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("program", ["/no/such/program", os.curdir])
async def test_a_program_that_cannot_be_started_is_refused(program):
    made = ExecChannel(ExecSettings(type="exec", command=(program,)), None, PAGE)
    with pytest.raises(RefusedError) as caught:
        await made.send(notice())
    assert str(caught.value).startswith("the program cannot be started: ")

"""A schedule on a real broker: beat that sends, workers that take, and each of them gone."""

import time
from pathlib import Path

import pytest

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from monitor.facts.settings import ScheduleSettings
from tests.broker.conftest import Watched, Workers, watching

PAUSE = "monitor.reference_app.faults.pause"
APP = f"""
from monitor.reference_app.app import app
app.conf.beat_schedule = {{
    "pause": {{
        "task": "{PAUSE}", "schedule": 2.0, "args": [0], "options": {{"queue": "normal"}}
    }}
}}
"""


def verdict(watched: Watched) -> tuple[bool | None, str]:
    (schedule,) = watched.part().schedules
    return schedule.missed, schedule.reason


async def test_silent_beat_is_told_from_queues_that_nobody_consumes(
    broker: EmbeddedBroker, workers: Workers, tmp_path: Path
) -> None:
    (tmp_path / "beating.py").write_text(APP)
    worker = workers.start("-n", "a@web1", "-Q", "normal", "--concurrency=1")
    schedule = ScheduleSettings(task=PAUSE, every=10.0, grace=1.0)
    async with watching(broker.url, schedules=[schedule]) as watched:
        beat = workers.beat("beating")
        await watched.until(lambda w: verdict(w) == (False, "it is not overdue"))
        await watched.until(lambda w: w.part().schedules[0].last_received_at)
        processes.kill(worker)
        nobody = "it was sent, and no worker has received it: nobody takes from its queue"
        await watched.until(lambda w: verdict(w) == (True, nobody))
        workers.start("-n", "a@web1", "-Q", "normal", "--concurrency=1")
        await watched.until(lambda w: verdict(w)[0] is False)
        processes.kill(beat)
        killed_at = time.time()
        await watched.until(lambda w: verdict(w) == (True, "it was not sent: beat is silent"))
        assert (watched.part().schedules[0].due_at or 0) > killed_at


@pytest.mark.soak
async def test_a_schedule_that_nobody_declared_is_learned(
    broker: EmbeddedBroker, workers: Workers, tmp_path: Path
) -> None:
    (tmp_path / "beating.py").write_text(APP.replace("2.0", "10.0"))
    workers.start("-n", "a@web1", "-Q", "normal", "-P", "solo", "-E")
    async with watching(broker.url) as watched:
        beat = workers.beat("beating")
        seconds = await watched.until(lambda w: w.part().schedules, 110)
        row = watched.part().schedules[0]
        print(f"a period of {row.period_seconds} s was learned after {seconds:.0f} s")
        assert (row.task, row.learned, row.missed) == (PAUSE, True, None)
        assert row.period_seconds == pytest.approx(10, abs=0.5)
        processes.kill(beat)
        await watched.until(lambda w: w.part().schedules[0].due_at)
        assert watched.part().schedules[0].missed is None

"""The tour as continuous integration runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.leftovers import eventually

TOUR = [sys.executable, "-m", "monitor", "demo", "--scenario", "tour", "--exit", "--port", "0"]
LONGEST_SECONDS = 120.0


def take_the_tour(
    folder: Path, *options: str, timeout_seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Take the tour with all its temporary files in `folder`."""
    return subprocess.run(
        [*TOUR, *options],
        env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_seconds,
    )


@pytest.mark.timeout(180)
def test_the_tour_sees_each_fault_alerted_and_cleared_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    tour = take_the_tour(tmp_path, timeout_seconds=LONGEST_SECONDS)
    assert tour.returncode == 0, tour.stdout + tour.stderr
    for row in (
        r"^queue high flooded +HighQueueBacklog +[\d.]+ s +[\d.]+ s +yes$",
        r"^worker low killed +WorkerDead +[\d.]+ s +[\d.]+ s +yes$",
        r"^worker normal hung +WorkerHung +[\d.]+ s +[\d.]+ s +yes$",
        r"^broker stopped +BrokerDown +[\d.]+ s +[\d.]+ s +yes$",
    ):
        assert re.search(row, tour.stdout, re.MULTILINE), tour.stdout
    # Of the worker that the tour kills neither.
    assert eventually(lambda: [*tmp_path.iterdir()] == [])


@pytest.mark.timeout(240)
def test_the_tour_fails_when_the_monitor_does_not_alert(tmp_path: Path) -> None:
    tour = take_the_tour(tmp_path, "--no-alerts")
    assert tour.returncode == 1, tour.stdout + tour.stderr
    for alertname in ("HighQueueBacklog", "WorkerDead", "WorkerHung", "BrokerDown"):
        assert f"{alertname} was not told" in tour.stdout

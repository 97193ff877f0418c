"""The tour as continuous integration runs it."""

import re
import subprocess
import sys

import pytest

TOUR = [sys.executable, "-m", "monitor", "demo", "--scenario", "tour", "--exit", "--port", "0"]
LONGEST_SECONDS = 120.0


@pytest.mark.timeout(180)
def test_the_tour_sees_each_fault_alerted_and_cleared_and_nothing_else() -> None:
    tour = subprocess.run(
        TOUR, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS
    )
    assert tour.returncode == 0, tour.stdout + tour.stderr
    for row in (
        r"^queue high flooded +HighQueueBacklog +[\d.]+ s +[\d.]+ s +yes$",
        r"^worker low killed +WorkerDead +[\d.]+ s +[\d.]+ s +yes$",
        r"^broker stopped +BrokerDown +[\d.]+ s +[\d.]+ s +yes$",
    ):
        assert re.search(row, tour.stdout, re.MULTILINE), tour.stdout


@pytest.mark.timeout(240)
def test_the_tour_fails_when_the_monitor_does_not_alert() -> None:
    tour = subprocess.run([*TOUR, "--no-alerts"], capture_output=True, text=True, check=False)
    assert tour.returncode == 1, tour.stdout + tour.stderr
    for alertname in ("HighQueueBacklog", "WorkerDead", "BrokerDown"):
        assert f"{alertname} was not told" in tour.stdout

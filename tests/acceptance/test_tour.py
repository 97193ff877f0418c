"""The tour as continuous integration runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.demo.scenarios import SCENARIOS
from tests.waiting import eventually

DEMO = [sys.executable, "-m", "monitor", "demo", "--exit", "--port", "0"]
LONGEST_SECONDS = 120.0

FAULTS = {
    "queue high flooded": "HighQueueBacklog",
    "task stuck": "TaskStuck",
    "lines poisoned": "TaskFailureRatio",
    "partner's API slow": "PartnerTooSlow",
    "worker low killed": "WorkerDead",
    "worker normal hung": "WorkerHung",
    "beat ended": "ScheduleMissed",
    "broker stopped": "BrokerDown",
}


def play(
    folder: Path, scenario: str, *options: str, timeout_seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Play a scenario with all its temporary files in `folder`."""
    return subprocess.run(
        [*DEMO, "--scenario", scenario, *options],
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
    tour = play(tmp_path, "tour", timeout_seconds=LONGEST_SECONDS)
    assert tour.returncode == 0, tour.stdout + tour.stderr
    for fault, alertname in FAULTS.items():
        row = rf"^{fault} +{alertname} +[\d.]+ s +[\d.]+ s +yes$"
        assert re.search(row, tour.stdout, re.MULTILINE), tour.stdout
    # Of the worker that the tour kills neither.
    assert eventually(lambda: [*tmp_path.iterdir()] == [])


@pytest.mark.timeout(240)
def test_the_tour_fails_when_the_monitor_does_not_alert(tmp_path: Path) -> None:
    tour = play(tmp_path, "tour", "--no-alerts")
    assert tour.returncode == 1, tour.stdout + tour.stderr
    for alertname in FAULTS.values():
        assert f"{alertname} was not told" in tour.stdout


@pytest.mark.soak
@pytest.mark.parametrize("scenario", sorted(SCENARIOS.keys() - {"tour"}))
def test_each_scenario_goes_well_for_itself(tmp_path: Path, scenario: str) -> None:
    played = play(tmp_path, scenario)
    assert played.returncode == 0, played.stdout + played.stderr
    rows = [line for line in played.stdout.splitlines() if line.endswith("  yes")]
    assert len(rows) == 1
    print(rows[0])

"""The simulation behind docs/scaling.md, at two sizes: what grows, and how fast."""

import re
from pathlib import Path

import pytest

from bench.simulation import HEADER, SIZES, measure

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "scaling.md").read_text()
README = (ROOT / "README.md").read_text()


def test_the_guide_has_the_table_that_the_simulation_prints() -> None:
    assert f"| {' | '.join(HEADER)} |" in GUIDE
    for queues, workers in SIZES:
        assert f"\n| {queues:,} | {workers:,} | " in GUIDE


def test_the_readme_says_what_the_guide_measured() -> None:
    ((cpu, memory),) = re.findall(
        r"queues and 5,000 workers took (\S+) of a core and (\S+ MB)", README
    )
    (row,) = re.findall(r"(?m)^\| 10,000 \| 5,000 \| .*$", GUIDE)
    assert row.split(" | ")[4:6] == [cpu, memory]


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_ten_times_the_queues_and_workers_cost_at_most_ten_times_as_much() -> None:
    small, large = measure(100, 100), measure(1_000, 1_000)
    # Four lists a queue, and a few commands for everybody.
    assert large.commands - small.commands == 4 * 900
    assert large.samples < 10 * small.samples
    assert large.memory_bytes < 2 * small.memory_bytes
    # Of processor time, not of time on a clock: other work may share the machine.
    assert large.cpu_share < 10 * small.cpu_share

"""`python -m grafana.screens`: draw some panels from a real run, for the README.

A plotting library draws what Prometheus answers to the panels' own expressions; it is not Grafana.
"""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from grafana.catalogue import DASHBOARDS
from grafana.frame import Dashboard
from grafana.panels import Panel
from grafana.replay import STEP_SECONDS, Replay, Series, chosen, replayed

FILE = Path(__file__).parents[1] / "docs" / "images" / "dashboards.png"
SHOWN = (
    ("overview", "Longest queues"),
    ("overview", "Oldest messages"),
    ("workers", "State of each worker"),
    ("overview", "Workers by state"),
    ("queue", "Verdict"),
    ("queue", "In and out"),
    ("queue", "Wait before the start"),
    ("tasks", "Tasks started, by name"),
)
COLUMNS = 2
_UNITS = {"s": "seconds", "cps": "a second", "short": ""}
_COLORS = {
    "green": "#73bf69",
    "dark-green": "#37872d",
    "yellow": "#fade2a",
    "dark-yellow": "#e0b400",
    "orange": "#ff9830",
    "red": "#f2495c",
    "dark-red": "#c4162a",
    "blue": "#5794f2",
}
"""Grafana's, by its names."""

Lines = list[tuple[str, dict[float, float]]]


async def draw() -> None:
    """Run the demo, and write the picture of it."""
    async with replayed(print) as replay:
        mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
        figure, grid = pyplot.subplots(
            len(SHOWN) // COLUMNS, COLUMNS, figsize=(12, 13), layout="constrained", sharex=True
        )
        for (name, title), axes in zip(SHOWN, grid.flat, strict=True):
            dashboard, panel = _find(name, title)
            await _draw(axes, dashboard, panel, replay)
        figure.supxlabel("seconds")
        figure.savefig(FILE, dpi=100)


def _find(name: str, title: str) -> tuple[Dashboard, Panel]:
    (dashboard,) = (each for each in DASHBOARDS if each.name == name)
    (panel,) = (each for row in dashboard.rows for each in row.panels if each.title == title)
    return dashboard, panel


async def _draw(axes: Axes, dashboard: Dashboard, panel: Panel, replay: Replay) -> None:
    lines: Lines = []
    for query in panel.queries:
        lines += _lines(await replay.of(query.expr, chosen(dashboard)), query.legend, replay)
    axes.set_title(f"{dashboard.title}: {panel.title}", loc="left", fontweight="bold")
    axes.set_ylabel(_UNITS[panel.unit])
    first = min(at for _, points in lines for at in points)
    axes.set_xlim(first, replay.ended_at - replay.began_at)
    {"timeline": _timeline, "stacked": _stacked}.get(panel.kind, _plain)(axes, panel, lines)


def _lines(series: Series, legend: str, replay: Replay) -> Lines:
    found = []
    for each in series:
        name = legend
        for label, value in each["metric"].items():
            name = name.replace(f"{{{{{label}}}}}", value.rpartition(".")[2] or value)
        points = {at - replay.began_at: float(value) for at, value in each["values"]}
        found.append((name, points))
    return found


def _plain(axes: Axes, _panel: Panel, lines: Lines) -> None:
    for name, points in lines:
        axes.plot(*_with_gaps(points), label=name)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    _legend(axes)


def _with_gaps(points: dict[float, float]) -> tuple[list[float], list[float]]:
    """Return a line that has a gap where nothing is known."""
    times: list[float] = []
    values: list[float] = []
    for at, value in points.items():
        if times and at - times[-1] > 1.5 * STEP_SECONDS:
            times.append(at)
            values.append(float("nan"))
        times.append(at)
        values.append(value)
    return times, values


def _stacked(axes: Axes, panel: Panel, lines: Lines) -> None:
    lines = [(name, points) for name, points in lines if any(points.values())]
    times = sorted({at for _, points in lines for at in points})
    axes.stackplot(
        times,
        [[points.get(at, 0.0) for at in times] for _, points in lines],
        labels=[name for name, _ in lines],
        colors=[_color(panel.colors[name]) for name, _ in lines] if panel.colors else None,
        alpha=0.7,
    )
    _legend(axes)


def _legend(axes: Axes, handles: Sequence[Artist] | None = None) -> None:
    """Say below what is drawn in which colour."""
    axes.tick_params(labelbottom=True)
    axes.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, -0.1),
        ncols=3,
        frameon=False,
        fontsize=8,
    )


def _color(name: str) -> str:
    return _COLORS.get(name, name)


def _timeline(axes: Axes, panel: Panel, lines: Lines) -> None:
    seen: dict[str, Any] = {}
    for row, (_, points) in enumerate(lines):
        for value, spell in groupby(points, key=points.__getitem__):
            times = [*spell]
            text, color = panel.mappings[value]
            seen[text] = _color(color)
            length = times[-1] - times[0] + STEP_SECONDS
            axes.broken_barh([(times[0], length)], (row - 0.35, 0.7), facecolors=seen[text])
    axes.set_yticks(range(len(lines)), [name.partition("@")[0] for name, _ in lines])
    axes.set_ylim(-0.5, len(lines) - 0.5)
    _legend(axes, [Patch(color=color, label=text) for text, color in seen.items()])


if __name__ == "__main__":
    asyncio.run(draw())

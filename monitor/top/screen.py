"""Draws what `top` shows, by rich. Called by `command.py` and `live.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.top.choice import Choice
from monitor.top.sight import Sight
from monitor.values.names import bounded
from monitor.values.units import format_duration

_STYLES = {
    "abandoned": "bold red",
    "stalled": "bold red",
    "growing": "yellow",
    "saturated": "yellow",
    "draining": "cyan",
    "ok": "green",
    "empty": "green",
    "waiting": "",
    "dead": "bold red",
    "hung": "bold red",
    "late": "yellow",
    "busy": "cyan",
    "online": "green",
    "offline": "dim",
    "unknown": "magenta",
}
_BROKER: Mapping[bool | None, tuple[str, str]] = {
    True: ("up", "green"),
    False: ("DOWN", "bold red"),
    None: ("not known", "magenta"),
}
_NAME_BYTES = 60
_SENTENCE_BYTES = 200
_HELP = "q quit  s sort  / filter  esc all  j k space scroll"
_CHROME_LINES = 10
"""Titles, heads, rules and the last line: what is no row."""


def drawn(
    sight: Sight | None, choice: Choice, where: str, problem: str, height: int | None = None
) -> RenderableType:
    """Return the whole picture; `height` is how many lines fit, None for all rows."""
    parts: list[RenderableType] = [_head(sight, where, problem)]
    if sight is not None:
        chosen = choice.of(sight)
        rows = (
            None if height is None else max(2, height - _CHROME_LINES - len(_alerts(sight, height)))
        )
        queues, workers = _shares(len(chosen.queues), len(chosen.workers), rows)
        parts += _alerts(sight, height)
        parts.append(_queues(chosen, choice.scrolled, queues))
        parts.append(_workers(chosen, choice.scrolled, workers))
    if height is not None:
        parts.append(_foot(choice))
    return Group(*parts)


def clean(text: str, size_bytes: int = _NAME_BYTES) -> str:
    """Return `text` bounded, and without what a terminal would obey."""
    return "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in bounded(text, size_bytes)
    )


def _head(sight: Sight | None, where: str, problem: str) -> Text:
    head = Text(f"queue-monitor  {clean(where, _SENTENCE_BYTES)}", style="bold", no_wrap=True)
    if sight is None:
        head.append(
            f"\n{clean(problem, _SENTENCE_BYTES)}" if problem else "\nlooking…",
            "bold red" if problem else "dim",
        )
        return head
    at = datetime.fromtimestamp(sight.at).astimezone().strftime("%H:%M:%S")
    head.append(f"  {at}", "dim")
    for broker in sight.brokers:
        state, style = _BROKER[broker.up]
        head.append(f"  {clean(broker.broker)} ", "bold").append(state, style)
        if broker.problem:
            head.append(f" {clean(broker.problem, _SENTENCE_BYTES)}", style)
    if problem:
        head.append(f"\nNOT LIVE: {clean(problem, _SENTENCE_BYTES)}", "bold red")
    return head


def _alerts(sight: Sight, height: int | None) -> list[RenderableType]:
    most = len(sight.alerts) if height is None else max(1, height // 6)
    lines: list[RenderableType] = [
        Text(f"! {clean(summary, _SENTENCE_BYTES)}", style="red", no_wrap=True, overflow="ellipsis")
        for summary in sight.alerts[:most]
    ]
    if len(sight.alerts) > most:
        lines.append(Text(f"! and {len(sight.alerts) - most} more", style="red"))
    return lines


def _shares(queues: int, workers: int, rows: int | None) -> tuple[int | None, int | None]:
    """Return how many rows each table gets: half, and what the other does not need."""
    if rows is None:
        return None, None
    half = rows // 2
    for_queues = min(queues, max(half, rows - workers))
    return for_queues, rows - for_queues


def _queues(sight: Sight, scrolled: int, most: int | None) -> Table:
    table = _table(
        "Queues",
        "Queue",
        ("Waiting", "In flight", "Oldest", "In/s", "Out/s", "Drains in", "Workers"),
        sight,
    )
    for row in _window(sight.queues, scrolled, most):
        numbers = (
            _number(row.length),
            _number(row.unacked),
            _age(row.oldest_age, nothing=row.length == 0),
            _rate(row.arrival_rate),
            _rate(row.dispatch_rate),
            _age(row.drain, nothing=row.length == 0),
            _number(row.workers),
        )
        _add(table, sight, row, numbers)
    return table


def _workers(sight: Sight, scrolled: int, most: int | None) -> Table:
    table = _table("Workers", "Worker", ("Active", "Slots", "Processed", "Last seen"), sight)
    for row in _window(sight.workers, scrolled, most):
        numbers = (
            _number(row.active),
            _number(row.concurrency),
            _number(row.processed),
            _age(row.silent_seconds),
        )
        _add(table, sight, row, numbers)
    return table


def _table(title: str, name: str, numbers: Sequence[str], sight: Sight) -> Table:
    shown = len(sight.queues if title == "Queues" else sight.workers)
    table = Table(
        title=f"{title} ({shown:,})", title_justify="left", title_style="bold",
        box=None, pad_edge=False, expand=True,
    )  # fmt: skip
    if len(sight.brokers) > 1:
        table.add_column("Broker", no_wrap=True)
    table.add_column(name, ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("Status", no_wrap=True)
    for column in numbers:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _add(table: Table, sight: Sight, row: Any, numbers: Sequence[str]) -> None:
    style = "bold" if row.alerts else ""
    broker = [Text(clean(row.broker))] if len(sight.brokers) > 1 else []
    status = Text(row.status, style=_STYLES.get(row.status, ""))
    table.add_row(*broker, Text(clean(row.name), style=style), status, *numbers)


def _window(rows: Sequence[Any], scrolled: int, most: int | None) -> Sequence[Any]:
    if most is None:
        return rows
    begin = max(0, min(scrolled, len(rows) - most))
    return rows[begin : begin + most]


def _foot(choice: Choice) -> Text:
    asked = f"sorted by {choice.order}"
    if choice.typing or choice.filter:
        asked += f"  filter: {choice.filter}{'▏' if choice.typing else ''}"
    return Text(f"{asked}  ", no_wrap=True).append(_HELP, "dim")


def _number(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _rate(rate: float | None) -> str:
    return "?" if rate is None else f"{rate:.1f}"


def _age(seconds: float | None, *, nothing: bool = False) -> str:
    """Return the time in words; `nothing`: there is nothing that could have one."""
    if seconds is None:
        return "-" if nothing else "?"
    return format_duration(seconds)

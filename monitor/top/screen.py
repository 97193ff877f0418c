"""Draws what `top` shows, by rich. Called by `command.py` and `live.py`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.top.choice import Choice
from monitor.top.sight import Sight, WorkerRow
from monitor.values.names import bounded, printable
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
_WIDE = 80
"""Columns of a terminal that has room for everything."""
_LEAST_NAME = 12
_NAME_BYTES = 60
_SENTENCE_BYTES = 200
_HELP = "q quit  s sort  / filter  esc all  j k space scroll"
_CHROME_LINES = 10
"""Titles, heads, rules and the last line: what is no row."""


class _Column(NamedTuple):
    heading: str
    cell: Callable[[Any], Text]
    always: bool = True
    """Whether it is shown on a narrow terminal, too."""
    words: bool = False
    share: int | None = None
    """Of the width that is left over; None: as wide as what stands in it."""


def drawn(
    sight: Sight | None,
    choice: Choice,
    where: str,
    problem: str,
    *,
    width: int,
    height: int | None = None,
) -> RenderableType:
    """Return the whole picture, of `width` columns; `height` is how many lines fit, None for all
    rows."""
    parts: list[RenderableType] = [_head(sight, where, problem)]
    if sight is not None:
        chosen = choice.of(sight)
        alerts = _alerts(sight, height)
        rows = None if height is None else max(2, height - _CHROME_LINES - len(alerts))
        queues, workers = _shares(len(chosen.queues), len(chosen.workers), rows)
        parts += alerts
        wide = width >= _WIDE
        shown = _window(chosen.queues, choice.scrolled, queues)
        parts.append(_table(f"Queues ({len(chosen.queues):,})", _QUEUES, shown, sight, wide))
        shown = _window(chosen.workers, choice.scrolled, workers)
        parts.append(_table(f"Workers ({len(chosen.workers):,})", _WORKERS, shown, sight, wide))
    if height is not None:
        parts.append(_foot(choice))
    return Group(*parts)


def clean(text: str, size_bytes: int = _NAME_BYTES) -> str:
    """Return `text` bounded, and without what a terminal would obey."""
    return bounded(printable(text), size_bytes)


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


def _table(
    title: str, columns: Sequence[_Column], rows: Sequence[Any], sight: Sight, wide: bool
) -> Table:
    shown = [column for column in columns if wide or column.always]
    table = Table(
        title=title, title_justify="left", title_style="bold",
        box=None, pad_edge=False, expand=True,
    )  # fmt: skip
    several = len(sight.brokers) > 1
    if several:
        table.add_column("Broker", no_wrap=True)
    for column in shown:
        table.add_column(
            column.heading,
            ratio=column.share,
            min_width=_LEAST_NAME if column is shown[0] else None,
            justify="left" if column.words else "right",
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in rows:
        broker = [Text(clean(row.broker))] if several else []
        table.add_row(*broker, *(column.cell(row) for column in shown))
    return table


def _window(rows: Sequence[Any], scrolled: int, most: int | None) -> Sequence[Any]:
    if most is None:
        return rows
    begin = max(0, min(scrolled, len(rows) - most))
    return rows[begin : begin + most]


def _foot(choice: Choice) -> Text:
    asked = f"sorted by {choice.order}"
    if choice.typing or choice.filter:
        asked += f"  filter: {clean(choice.filter)}{'▏' if choice.typing else ''}"
    return Text(f"{asked}  ", no_wrap=True).append(_HELP, "dim")


def _number(number: int | None) -> Text:
    return Text("?" if number is None else f"{number:,}")


def _rate(rate: float | None) -> Text:
    return Text("?" if rate is None else f"{rate:.1f}")


def _age(seconds: float | None, *, nothing: bool = False) -> Text:
    """Return the time in words; `nothing`: there is nothing that could have one."""
    if seconds is None:
        return Text("-" if nothing else "?")
    return Text(format_duration(seconds))


def _name(row: Any) -> Text:
    return Text(clean(row.name), style="bold" if row.alerts else "")


def _status(row: Any) -> Text:
    return Text(clean(row.status), style=_STYLES.get(row.status, ""))


def _consumed(row: WorkerRow) -> Text:
    queues = "?" if row.queues is None else ", ".join(row.queues)
    return Text(clean(queues, _SENTENCE_BYTES))


_QUEUES = (
    _Column("Queue", _name, words=True, share=1),
    _Column("Status", _status, words=True),
    _Column("Waiting", lambda row: _number(row.length)),
    _Column("In flight", lambda row: _number(row.unacked), always=False),
    _Column("Oldest", lambda row: _age(row.oldest_age, nothing=row.length == 0)),
    _Column("In/s", lambda row: _rate(row.arrival_rate), always=False),
    _Column("Out/s", lambda row: _rate(row.dispatch_rate), always=False),
    _Column("Drains in", lambda row: _age(row.drain, nothing=row.length == 0), always=False),
    _Column("Workers", lambda row: _number(row.workers)),
)
_WORKERS = (
    _Column("Worker", _name, words=True, share=2),
    _Column("Status", _status, words=True),
    _Column("Active", lambda row: _number(row.active)),
    _Column("Slots", lambda row: _number(row.concurrency), always=False),
    _Column("Last seen", lambda row: _age(row.silent_seconds), always=False),
    _Column("Queues", _consumed, words=True, share=2),
    _Column("Why", lambda row: Text(clean(row.reason, _SENTENCE_BYTES)), words=True, share=3),
)

"""What came of a check: as values, and as the JSON that a daemon answers a plugin with.

`judge.py` makes it, `output.py` prints it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

OK, WARNING, CRITICAL, UNKNOWN = range(4)
"""Levels; their numbers are a plugin's exit statuses."""

LEVELS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_WORST_FIRST = (CRITICAL, UNKNOWN, WARNING, OK)
"""What is known to be critical is worse than what is not known."""


class Value(NamedTuple):
    """One item of performance data; in base units."""

    label: str
    value: float | None
    """None: not known."""
    unit: str = ""
    """`s`, `B`, `c` for a counter, or nothing."""
    warning: str = ""
    critical: str = ""


class Item(NamedTuple):
    """One object that was judged."""

    level: int
    text: str
    values: tuple[Value, ...] = ()


class Result(NamedTuple):
    """What came of a check."""

    kind: str
    """What was checked, such as `queues`."""
    level: int
    items: tuple[Item, ...] = ()
    """Worst first."""
    note: str = ""
    """What is to be said of all of them, or in place of them."""
    values: tuple[Value, ...] = ()
    """Performance data of all of them together."""

    @classmethod
    def of(cls, kind: str, items: Iterable[Item], **rest: Any) -> "Result":
        """Return the result of several items: as bad as the worst of them."""
        ordered = tuple(sorted(items, key=lambda item: _WORST_FIRST.index(item.level)))
        return cls(kind, worst(item.level for item in ordered), ordered, **rest)


def worst(levels: Iterable[int]) -> int:
    """Return the worst of several levels; OK of none."""
    return min(levels, key=_WORST_FIRST.index, default=OK)


def unknown(kind: str, note: str) -> Result:
    """Return that nothing can be said, and why."""
    return Result(kind, UNKNOWN, note=note)


def to_plain(result: Result) -> dict[str, Any]:
    """Return `result` as what JSON can say."""
    return {
        **result._asdict(),
        "items": [
            {**item._asdict(), "values": [value._asdict() for value in item.values]}
            for item in result.items
        ],
        "values": [value._asdict() for value in result.values],
    }


def from_plain(document: Any) -> Result:
    """Return what a daemon answered. Raises ValueError when it is no result of a check."""
    try:
        return Result(
            kind=_text(document["kind"]),
            level=_level(document["level"]),
            items=tuple(
                Item(_level(item["level"]), _text(item["text"]), _values(item["values"]))
                for item in document["items"]
            ),
            note=_text(document["note"]),
            values=_values(document["values"]),
        )
    except (TypeError, KeyError) as error:
        raise ValueError("not the result of a check") from error


def _values(documents: Iterable[Mapping[str, Any]]) -> tuple[Value, ...]:
    return tuple(
        Value(
            label=_text(each["label"]),
            value=_number(each["value"]),
            unit=_text(each["unit"]),
            warning=_text(each["warning"]),
            critical=_text(each["critical"]),
        )
        for each in documents
    )


def _level(value: object) -> int:
    if type(value) is int and OK <= value <= UNKNOWN:
        return value
    raise ValueError("not a level")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("not a text")


def _number(value: object) -> float | None:
    if value is None or type(value) in (int, float):
        return value  # type: ignore[return-value]  # mypy does not narrow by `type(…) in`
    raise ValueError("not a number")

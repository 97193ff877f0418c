"""What somebody at the terminal asked to see, and how a key changes it. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from monitor.top.sight import QueueRow, Sight, WorkerRow

Row = TypeVar("Row", QueueRow, WorkerRow)

_LONGEST_FILTER = 100
QUIT = ("q", "\x03", "\x04")
_DONE = ("\r", "\n")
_ESCAPE = "\x1b"
_ERASE = ("\x7f", "\b")
_KEY = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\x1b])?|.", re.DOTALL)
"""A character, or what a terminal sends for a key that has none (ECMA-48), or with Alt."""
_SCROLL = {"j": 1, "k": -1, "\x1b[B": 1, "\x1b[A": -1, " ": 10, "\x1b[6~": 10, "\x1b[5~": -10}

_ORDERS: Mapping[str, Callable[[Any], Any]] = {
    "worst": lambda _row: 0,
    "name": lambda row: row.name,
    "length": lambda row: -(getattr(row, "length", None) or 0),
    "oldest": lambda row: -(getattr(row, "oldest_age", None) or 0),
    "active": lambda row: -(getattr(row, "active", None) or 0),
}
"""How rows are sorted; the rows come the worst first, and that order breaks ties."""
ORDERS = tuple(_ORDERS)


def keys_in(text: str) -> list[str]:
    """Return the keys that a terminal has sent, of which many may come at once."""
    return _KEY.findall(text)


@dataclass(frozen=True)
class Choice:
    """The order, the filter, and how far it is scrolled."""

    order: str = "worst"
    filter: str = ""
    typing: bool = False
    """Whether keys go into the filter."""
    scrolled: int = 0
    ended: bool = False

    def pressed(self, key: str, rows: int) -> "Choice":
        """Return what is asked for after `key`, where there are `rows` to scroll through."""
        if key in QUIT[1:] or (key == QUIT[0] and not self.typing):
            return replace(self, ended=True)
        if self.typing:
            return self._typed(key)
        match key:
            case "s":
                order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]
                return replace(self, order=order, scrolled=0)
            case "/":
                return replace(self, typing=True)
            case "\x1b":
                return replace(self, filter="", scrolled=0)
        scrolled = self.scrolled + _SCROLL.get(key, 0)
        return replace(self, scrolled=max(0, min(scrolled, rows - 1)))

    def _typed(self, key: str) -> "Choice":
        if key in _DONE:
            return replace(self, typing=False)
        if key == _ESCAPE:
            return replace(self, typing=False, filter="", scrolled=0)
        text = self.filter[:-1] if key in _ERASE else self.filter
        if key.isprintable():
            text = (text + key)[:_LONGEST_FILTER]
        return replace(self, filter=text, scrolled=0)

    def of(self, sight: Sight) -> Sight:
        """Return what of `sight` is asked for, in the order that is asked for."""
        return sight._replace(
            queues=tuple(self._chosen(sight.queues)), workers=tuple(self._chosen(sight.workers))
        )

    def _chosen(self, rows: Iterable[Row]) -> Sequence[Row]:
        text = self.filter.casefold()
        wanted = [row for row in rows if any(text in word.casefold() for word in row.words)]
        return sorted(wanted, key=_ORDERS[self.order])

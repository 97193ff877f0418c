"""What somebody asked a page to show: a filter, and a page of each table. From the URL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from monitor.values.names import bounded

Row = TypeVar("Row")

PAGED = ("alerts", "queues", "workers", "tasks", "schedules", "logs", "brokers", "silences")
"""Tables, by their ids in the document."""
ABOUT = ("broker", "queue_name", "hostname", "alert")
"""The parameters that name what a page is about."""
MAX_FILTER = 200
"""Characters; what is longer is cut."""


@dataclass(frozen=True)
class Choice:
    """A filter, the pages, the first being 1, and what the page is about."""

    text: str = ""
    pages: Mapping[str, int] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Choice":
        """Return what the parameters of a request ask for; what makes no sense asks nothing."""
        pages = {name: _number(query.get(name, "")) for name in PAGED}
        text = "".join(c for c in query.get("q", "") if c.isprintable())
        return cls(
            text.strip()[:MAX_FILTER],
            {name: number for name, number in pages.items() if number > 1},
            {name: bounded(query[name]) for name in ABOUT if name in query},
        )

    def wants(self, words: Iterable[str | None]) -> bool:
        """Return whether the filter is in one of `words`; no filter is in all."""
        text = self.text.casefold()
        return not text or any(text in word.casefold() for word in words if word)

    def page_of(self, table: str, rows: Sequence[Row], size: int) -> tuple[int, Sequence[Row]]:
        """Return which page of `table` there is to show, at the most the last one, and its rows."""
        last = max(1, -(-len(rows) // size))
        number = min(self.pages.get(table, 1), last)
        return number, rows[(number - 1) * size : number * size]

    def link(self, table: str, number: int) -> str:
        """Return the URL, from the page's own, of another page of `table`."""
        pages = {**self.pages, table: number}
        parameters = {
            **({"q": self.text} if self.text else {}),
            **self.about,
            **{name: str(number) for name, number in pages.items() if number > 1},
        }
        return f"?{urlencode(parameters)}#{table}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1

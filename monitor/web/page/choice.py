"""What somebody asked the page to show: a filter, and a page of each table. From the URL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

Row = TypeVar("Row")

PAGED = ("alerts", "queues", "workers", "tasks")
MAX_FILTER = 200
"""Characters; what is longer is cut."""


@dataclass(frozen=True)
class Choice:
    """A filter and the pages, the first being 1."""

    text: str = ""
    pages: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Choice":
        """Return what the parameters of a request ask for; what makes no sense asks nothing."""
        pages = {name: _number(query.get(name, "")) for name in PAGED}
        text = "".join(c for c in query.get("q", "") if c.isprintable())
        return cls(
            text.strip()[:MAX_FILTER],
            {name: number for name, number in pages.items() if number > 1},
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
        return f"?{urlencode(self._parameters({**self.pages, table: number}))}#{table}"

    def parameters(self) -> dict[str, str]:
        """Return it as the parameters of a URL."""
        return self._parameters(self.pages)

    def _parameters(self, pages: Mapping[str, int]) -> dict[str, str]:
        found = {"q": self.text} if self.text else {}
        return found | {name: str(number) for name, number in pages.items() if number > 1}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1

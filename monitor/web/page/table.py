"""A table of the page: columns are declared, rows are bounded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from monitor.web.page.markup import Markup, element, joined

MAX_ROWS = 1_000

Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column: its heading, and what it says of a row."""

    heading: str
    cell: Callable[[Row], str]
    kind: str | None = None
    """The class of its cells: `number` aligns them right, `name` lets them grow."""


def section(
    title: str,
    columns: Sequence[Column[Row]],
    rows: Sequence[Row],
    mark: Callable[[Row], str | None],
    empty: str,
) -> Markup:
    """Return a headed table of `rows`; `mark` gives the class of a row, `empty` stands for none."""
    heading = element("h2", title, element("span", f"{len(rows):,}", class_="count"))
    slug = title.lower().replace(" ", "-")
    if not rows:
        return element("section", heading, element("p", empty, class_="empty"), id=slug)
    head = element("tr", *(element("th", c.heading, scope="col", class_=c.kind) for c in columns))
    body = joined(
        element(
            "tr",
            *(element("td", c.cell(row), class_=c.kind, data_label=c.heading) for c in columns),
            class_=mark(row),
        )
        for row in rows[:MAX_ROWS]
    )
    left_out = len(rows) - MAX_ROWS
    more = element("p", f"{left_out:,} more are not shown", class_="more") if left_out > 0 else ""
    table = element("table", element("thead", head), element("tbody", body))
    return element("section", heading, table, more, id=slug)

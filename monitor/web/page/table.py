"""A table of the page: columns are declared, rows are bounded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from monitor.web.page.choice import Choice
from monitor.web.page.markup import Markup, element, joined

ROWS = 50
"""On one page of a table."""

Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column: its heading, and what it says of a row."""

    heading: str
    cell: Callable[[Row], str]
    kind: str | None = None
    """The class of its cells: `number` aligns them right, `name` lets them grow."""


@dataclass(frozen=True)
class Table(Generic[Row]):
    """How a kind of thing is listed."""

    title: str
    columns: Sequence[Column[Row]]
    mark: Callable[[Row], str | None]
    """Returns the class of a row, which says how it is."""
    key: Callable[[Row], str]
    """Returns what tells a row from the others, whatever changes in it."""
    empty: str
    """Stands for no rows."""

    @property
    def slug(self) -> str:
        """Its id in the document."""
        return self.title.lower().replace(" ", "-")

    def section(
        self, rows: Sequence[Row], choice: Choice, note: str = "", *, filtered: bool = False
    ) -> Markup:
        """Return it headed, with one page of `rows`; `note` says what they are.

        `filtered`: they are what the filter of `choice` has left. A filter is for what there
        are many of.
        """
        heading = element(
            "h2",
            self.title,
            element("span", f"{len(rows):,}", class_="count"),
            element("span", note, class_="note") if note else "",
        )
        if not rows:
            unmatched = filtered and choice.text
            empty = f"None matches “{choice.text}”." if unmatched else self.empty
            return element("section", heading, element("p", empty, class_="empty"), id=self.slug)
        number, shown = choice.page_of(self.slug, rows, ROWS)
        return element(
            "section",
            heading,
            element("div", self.table(shown), class_="scroll"),
            pages(choice, self.slug, number, len(rows), ROWS),
            id=self.slug,
        )

    def table(self, rows: Sequence[Row]) -> Markup:
        """Return the table of `rows`, all of them."""
        head = element(
            "tr", *(element("th", c.heading, scope="col", class_=c.kind) for c in self.columns)
        )
        body = joined(
            element(
                "tr",
                *(
                    element("td", c.cell(row), class_=c.kind, data_label=c.heading)
                    for c in self.columns
                ),
                class_=self.mark(row),
                data_key=self.key(row),
            )
            for row in rows
        )
        return element("table", element("thead", head), element("tbody", body))


def pages(choice: Choice, slug: str, number: int, rows: int, size: int) -> Markup:
    """Return the links to the page before and after, where there are several."""
    if rows <= size:
        return Markup("")
    last = -(-rows // size)
    first_row = (number - 1) * size + 1
    steps = (("Previous", number - 1), ("Next", number + 1))
    links = [
        element("a", word, href=choice.link(slug, step), aria_label=f"{word} page of {slug}")
        if 1 <= step <= last
        else element("span", word, aria_disabled="true")
        for word, step in steps
    ]
    shown = f"{first_row:,} to {min(first_row + size - 1, rows):,} of {rows:,}"
    return element(
        "nav", element("span", shown), *links, class_="pages", aria_label=f"Pages of {slug}"
    )

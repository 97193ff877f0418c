"""What a view comes to, before it becomes a document or a message of the stream."""

from dataclasses import dataclass

from monitor.web.page.markup import Markup, element

BACK = element("nav", element("a", "All queues and workers", href="./"), class_="back")
"""Leads from every other view to the overview."""


@dataclass(frozen=True)
class Rendered:
    """One view of the page."""

    title: str
    content: tuple[Markup, ...]
    """What stands in `main`."""
    found: bool = True
    """False: nothing has the name that was asked for."""

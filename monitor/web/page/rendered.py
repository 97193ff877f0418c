"""What a view comes to, before it becomes a document or a message of the stream."""

from dataclasses import dataclass

from monitor.web.page.markup import Markup


@dataclass(frozen=True)
class Rendered:
    """One view of the page."""

    title: str
    content: tuple[Markup, ...]
    """What stands in `main`."""
    found: bool = True
    """False: nothing has the name that was asked for."""

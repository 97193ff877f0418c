"""Where the monitor listens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The section `web`."""

    listen: str = "0.0.0.0:9808"
    """HOST:PORT; port 0 takes one that the kernel chooses."""

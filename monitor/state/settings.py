"""Where the state is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSettings:
    """The section `state`."""

    file: str | None = None
    """Left out: in systemd's $STATE_DIRECTORY, else in the XDG state folder."""

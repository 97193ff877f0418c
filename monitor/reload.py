"""Which settings change under a running monitor, and which wait for its restart.

Who is told of what can change at any time. What the books were begun with cannot: they would
have to forget what they know. Used by `daemon.py`.
"""

import dataclasses

from monitor.config.settings import Settings

_LIVE = ("alerts", "channels", "heartbeat", "log")


def in_force(old: Settings, new: Settings) -> Settings:
    """Return `old` with what can change at once as `new` has it."""
    return dataclasses.replace(old, **{name: getattr(new, name) for name in _LIVE})


def wait_for_restart(old: Settings, new: Settings) -> tuple[str, ...]:
    """Return the sections that are different and cannot change at once."""
    names = (field.name for field in dataclasses.fields(Settings))
    return tuple(
        name for name in names if name not in _LIVE and getattr(old, name) != getattr(new, name)
    )

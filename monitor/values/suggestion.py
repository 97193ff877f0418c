"""What somebody may have meant who wrote a name that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

_LOOKED_AT_CHARACTERS = 80
"""Of what was written: no name that it could be compared with is longer."""


def did_you_mean(written: object, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for the nearest known name, or nothing when none is near.

    Case makes no difference.
    """
    names = {name.lower(): name for name in known}
    close = get_close_matches(str(written)[:_LOOKED_AT_CHARACTERS].lower(), list(names), n=1)
    return f" (did you mean {names[close[0]]!r}?)" if close else ""

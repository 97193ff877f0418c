"""The names of time zones, as settings may have them."""

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> frozenset[str]:
    """Return all that this machine knows. Looked up once: it opens hundreds of files."""
    return frozenset(available_timezones())

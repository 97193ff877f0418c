"""Moments as people and receivers read them."""

from datetime import UTC, datetime


def format_moment(at: float) -> str:
    """Return the Unix time `at` as RFC 3339 in UTC, to the millisecond."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")

"""Times as Celery writes them."""

from datetime import UTC, datetime


def parse_time(text: object) -> float | None:
    """Return the Unix seconds of an ISO 8601 time, UTC where it names no zone; else None."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()

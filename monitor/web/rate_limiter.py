"""A token bucket over all requests. Used by `security.py`."""

from monitor.web.web_config import RateLimit


class RateLimiter:
    """Remembers how many requests may still come at once."""

    def __init__(self) -> None:
        self._limit: RateLimit | None = None
        self._tokens = 0.0
        self._at = 0.0

    def allows(self, limit: RateLimit, now: float) -> bool:
        """Take a request at `now`; return whether it is within `limit`. The bucket begins full."""
        if limit.interval <= 0:
            return True
        if limit != self._limit:
            self._limit, self._tokens, self._at = limit, float(limit.burst), now
        gained = max(0.0, now - self._at) / limit.interval
        self._tokens, self._at = min(float(limit.burst), self._tokens + gained), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

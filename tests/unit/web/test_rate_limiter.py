from monitor.web.rate_limiter import RateLimiter
from monitor.web.web_config import RateLimit


def test_a_burst_and_then_one_an_interval() -> None:
    limiter, limit = RateLimiter(), RateLimit(interval=2.0, burst=3)
    assert [limiter.allows(limit, 100.0) for _ in range(4)] == [True, True, True, False]
    assert [limiter.allows(limit, at) for at in (101.0, 102.5, 103.0, 104.0)] == [
        False, True, False, True,
    ]  # fmt: skip
    assert sum(limiter.allows(limit, 1_000.0) for _ in range(10)) == 3


def test_without_an_interval_there_is_no_limit() -> None:
    limiter = RateLimiter()
    assert all(limiter.allows(RateLimit(), 0.0) for _ in range(100))


def test_a_new_limit_begins_with_a_full_bucket() -> None:
    limiter = RateLimiter()
    assert limiter.allows(RateLimit(interval=1.0, burst=1), 0.0)
    assert limiter.allows(RateLimit(interval=9.0, burst=1), 0.0)
    assert not limiter.allows(RateLimit(interval=9.0, burst=1), 0.0)

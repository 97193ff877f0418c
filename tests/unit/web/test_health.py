import pytest
from msgspec.structs import replace

from monitor.web.health import broker_health
from tests.unit.web.example import BROKER, NOW, SNAPSHOT


@pytest.mark.parametrize(
    ("last_poll_at", "error", "ok", "reason"),
    [
        (NOW - 2, None, True, "last good poll 2s ago"),
        (NOW - 14.9, "timed out", True, "last good poll 15s ago: timed out"),
        (NOW - 15, "timed out", False, "last good poll 15s ago: timed out"),
        (NOW + 3, None, True, "last good poll 0s ago"),
        (None, "connection refused", False, "no good poll yet: connection refused"),
        (None, None, False, "no good poll yet"),
    ],
)
def test_a_broker_is_healthy_while_its_last_good_poll_is_younger_than_three_intervals(
    last_poll_at: float | None, error: str | None, ok: bool, reason: str
) -> None:
    broker = replace(BROKER, last_poll_at=last_poll_at, error=error)
    (health,) = broker_health(replace(SNAPSHOT, brokers=(broker,)), NOW, 5.0)
    assert (health.broker, health.ok, health.reason) == ("default", ok, reason)

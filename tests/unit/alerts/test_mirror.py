from random import Random

import pytest

from monitor.alerts.backoff import MAX_RETRY_SECONDS
from monitor.alerts.mirror import KEPT_SECONDS, Mirror
from monitor.alerts.routing import make_route
from monitor.channels.settings import AlertmanagerSettings
from monitor.values.secret import Secret
from tests.unit.alerts.worlds import alert

FIRING = alert(started_at=100.0)
OVER = alert(started_at=100.0, resolved_at=160.0)
AGAIN = alert(started_at=170.0)


def mirror(**settings):
    made = AlertmanagerSettings(type="alertmanager", urls=(Secret("http://am"),), **settings)
    return Mirror(make_route(made), 60.0, Random(0))


def told(box, alerts, now):
    """Have what is due delivered; return the alerts that were sent, by state."""
    notice = box.due(alerts, now)
    if notice is None:
        return None
    box.delivered(notice, now)
    return (*notice.firing, *notice.resolved)


@pytest.mark.parametrize("severity", ["critical", "warning", "info", "none"])
def test_every_severity_is_sent_at_once(severity):
    each = alert(severity=severity, started_at=100.0)
    assert told(mirror(), [each], 100.0) == (each,)


def test_a_pending_alert_is_not_sent():
    assert told(mirror(), [alert(started_at=None)], 100.0) is None


def test_what_fires_is_sent_again_after_the_interval_and_a_change_at_once():
    box = mirror()
    assert told(box, [FIRING], 100.0) == (FIRING,)
    assert told(box, [FIRING], 159.0) is None
    assert box.next_due_at([FIRING], 159.0) == 160.0
    assert told(box, [FIRING], 160.0) == (FIRING,)
    assert told(box, [OVER], 161.0) == (OVER,)


def test_what_is_new_is_told_apart_from_what_is_only_kept_up():
    box = mirror()
    sent = []
    for alerts, now in (([FIRING], 100.0), ([FIRING], 160.0), ([OVER], 161.0), ([OVER], 221.0)):
        notice = box.due(alerts, now)
        box.delivered(notice, now)
        sent.append(notice.resend)
    assert sent == [False, True, False, True]
    # What arrives at last after a failure is news of the channel.
    box.failed(281.0)
    assert not box.due([OVER], 400.0).resend


def test_it_is_listed_with_all_that_it_takes_as_one_group():
    (group,) = mirror().groups([FIRING, AGAIN]).values()
    assert (group.labels, group.firing) == ((), [FIRING, AGAIN])


def test_the_end_is_kept_up_and_then_forgotten():
    box = mirror()
    told(box, [OVER], 160.0)
    assert told(box, [OVER], 220.0) == (OVER,)
    assert box.owed([OVER], 160.0 + KEPT_SECONDS - 1) == {OVER.incarnation}
    assert box.owed([OVER], 160.0 + KEPT_SECONDS) == frozenset()
    assert told(box, [OVER], 160.0 + KEPT_SECONDS) is None


def test_an_alert_that_fires_anew_is_not_over():
    box = mirror()
    assert told(box, [AGAIN, OVER], 180.0) == (AGAIN,)
    assert box.owed([AGAIN, OVER], 180.0) == frozenset()


def test_what_failed_is_tried_again_with_growing_patience():
    box = mirror()
    now, waits = 100.0, []
    for _ in range(12):
        assert box.due([FIRING], now) is not None
        assert box.due([FIRING], now) is None
        box.failed(now)
        waits.append(box.next_due_at([FIRING], now) - now)
        now = box.next_due_at([FIRING], now)
    assert waits[0] <= 1.0
    assert MAX_RETRY_SECONDS / 2 <= waits[-1] <= MAX_RETRY_SECONDS
    assert told(box, [FIRING], now) == (FIRING,)


def test_a_receiver_that_asks_for_patience_gets_it():
    box = mirror()
    box.due([FIRING], 100.0)
    box.failed(100.0, retry_after_seconds=120.0)
    assert box.next_due_at([FIRING], 100.0) == 220.0


def test_only_what_the_channel_takes_is_sent():
    box = mirror(matchers=("queue_name=low",))
    assert told(box, [FIRING], 100.0) is None
    assert box.owed([OVER], 160.0) == frozenset()

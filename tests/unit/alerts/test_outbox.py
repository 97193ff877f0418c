from random import Random

import pytest
from msgspec.structs import replace

from monitor.alerts.backoff import MAX_RETRY_SECONDS
from monitor.alerts.outbox import MAX_RETRY_AFTER_SECONDS, REFUSED_RETRY_SECONDS, Outbox
from monitor.alerts.routing import make_route
from monitor.alerts.settings import AlertSettings
from monitor.channels.settings import LogChannelSettings
from tests.unit.alerts.worlds import alert

SETTINGS = AlertSettings(group_wait=3.0, group_interval=30.0, repeat_interval=3600.0)
ONE = make_route(LogChannelSettings(type="log", name="one"))
TWO = make_route(LogChannelSettings(type="log", name="two"))

FIRING = alert(started_at=100.0)
OVER = alert(started_at=100.0, resolved_at=160.0)


def outbox(*routes, saved=()):
    return Outbox(SETTINGS, routes or (ONE,), Random(0), saved)


def told(box, alerts, now):
    """Have everything that is due delivered at once; return the channels that were told."""
    notices = box.due(alerts, now)
    for notice in notices:
        box.delivered(notice, now)
    return [notice.channel for notice in notices]


def test_one_alert_from_start_to_end():
    box = outbox()
    assert (box.next_due_at([FIRING]), told(box, [FIRING], 102.9)) == (103.0, [])
    assert told(box, [FIRING], 103.0) == ["one"]
    assert (box.next_due_at([FIRING]), told(box, [FIRING], 150.0)) == (3703.0, [])
    assert box.owed([OVER]) == {OVER.incarnation}
    assert told(box, [OVER], 160.0) == ["one"]
    assert (box.owed([OVER]), box.next_due_at([OVER])) == (frozenset(), None)
    assert told(box, [], 191.0) == []
    assert box.deliveries == ()


def test_every_channel_is_told_on_its_own():
    box = outbox(ONE, TWO)
    first, second = box.due([FIRING], 103.0)
    box.delivered(first, 103.0)
    box.failed(second, 103.0)
    assert told(box, [FIRING], 110.0) == ["two"]


def test_one_notice_of_a_group_is_on_its_way_at_a_time():
    box = outbox()
    (notice,) = box.due([FIRING], 103.0)
    assert box.due([FIRING], 500.0) == ()
    assert box.next_due_at([FIRING]) is None
    box.failed(notice, 500.0)
    assert box.next_due_at([FIRING]) == pytest.approx(501.0, abs=0.5)


def test_what_resolves_while_its_firing_is_on_its_way_is_still_owed():
    box = outbox()
    (notice,) = box.due([FIRING], 103.0)
    assert box.due([OVER], 170.0) == ()
    assert box.owed([OVER]) == {OVER.incarnation}
    box.delivered(notice, 171.0)
    assert told(box, [OVER], 171.0) == []
    assert told(box, [OVER], 201.0) == ["one"]


def test_a_failed_firing_that_resolves_meanwhile_is_one_notice_with_both_times():
    box = outbox()
    (notice,) = box.due([FIRING], 103.0)
    box.failed(notice, 103.0)
    (retry,) = box.due([OVER], 200.0)
    assert (retry.firing, retry.resolved) == ((), (OVER,))


def test_retries_are_farther_and_farther_apart_up_to_a_cap_and_jittered():
    box = outbox()
    now, waits = 103.0, []
    for _ in range(12):
        (notice,) = box.due([FIRING], now)
        box.failed(notice, now)
        waits.append(box.next_due_at([FIRING]) - now)
        now = box.next_due_at([FIRING])
    doubled = [min(2.0**n, MAX_RETRY_SECONDS) for n in range(12)]
    assert all(0.5 * most <= wait <= most for wait, most in zip(waits, doubled, strict=True))
    assert len({wait / most for wait, most in zip(waits, doubled, strict=True)}) > 6
    assert told(box, [FIRING], now) == ["one"]


def test_a_success_ends_the_backoff():
    box = outbox()
    for now in (103.0, 110.0, 120.0):
        (notice,) = box.due([FIRING], now)
        box.failed(notice, now)
    assert told(box, [FIRING], 130.0) == ["one"]
    (resolve,) = box.due([OVER], 160.0)
    box.failed(resolve, 160.0)
    assert box.next_due_at([OVER]) <= 161.0


def test_retry_after_is_heeded_by_the_whole_channel():
    other = alert("Other", started_at=100.0)
    box = outbox(ONE, TWO)
    first, *others = box.due([FIRING, other], 103.0)
    box.failed(first, 103.0, retry_after_seconds=120.0)
    for notice in others:
        box.failed(notice, 103.0)
    assert {notice.channel for notice in box.due([FIRING, other], 222.9)} == {"two"}
    assert {notice.channel for notice in box.due([FIRING, other], 223.0)} == {"one"}


def test_a_receiver_cannot_ask_for_silence_for_ever():
    box = outbox()
    (notice,) = box.due([FIRING], 103.0)
    box.failed(notice, 103.0, retry_after_seconds=1e12)
    assert box.next_due_at([FIRING]) == 103.0 + MAX_RETRY_AFTER_SECONDS


def test_what_is_refused_for_good_is_not_hammered():
    box = outbox()
    (notice,) = box.due([FIRING], 103.0)
    box.failed(notice, 103.0, permanent=True)
    assert box.next_due_at([FIRING]) == 103.0 + REFUSED_RETRY_SECONDS
    assert box.refused == {notice.channel: 1}
    (again,) = box.due([FIRING], 103.0 + REFUSED_RETRY_SECONDS)
    box.delivered(again, 103.0 + REFUSED_RETRY_SECONDS)
    assert box.refused == {}


def test_something_else_than_what_was_refused_is_tried_after_the_group_interval():
    box = outbox()
    other = alert(queue_name="low", started_at=104.0)
    (notice,) = box.due([FIRING], 103.0)
    box.failed(notice, 103.0, permanent=True)
    risen = replace(FIRING, summary="another figure")
    assert box.next_due_at([risen]) == 103.0 + REFUSED_RETRY_SECONDS
    assert box.next_due_at([FIRING, other]) == 133.0
    assert box.next_due_at([OVER]) == 133.0
    (notice,) = box.due([OVER], 170.0)
    box.failed(notice, 170.0, permanent=True)
    assert box.next_due_at([OVER]) == 170.0 + REFUSED_RETRY_SECONDS


def test_whom_a_notice_did_not_reach_holds_up_nobody_else_and_is_known_after_a_restart():
    box = outbox()
    (notice,) = box.due([FIRING], 103.0)
    box.delivered(notice, 103.0, frozenset({"x"}))
    for seconds in (1.0, 2.0, 4.0):
        now = box.next_due_at([FIRING])
        assert 103.0 + seconds / 2 <= now
        (rest,) = box.due([FIRING], now)
        assert rest.only == {"x"}
        box.failed(rest, now)
    assert box.next_due_at([OVER]) == 133.0
    anew = outbox(saved=box.deliveries)
    assert [each.only for each in anew.due([FIRING], 110.0)] == [{"x"}]


def test_a_repeat_that_fails_is_put_off_although_somebody_misses_more_than_it_says():
    other = alert(queue_name="low", started_at=100.0)
    box = outbox()
    told(box, [FIRING, other], 103.0)
    (notice,) = box.due([OVER, other], 160.0)
    box.delivered(notice, 160.0, frozenset({"x"}))
    (repeat,) = box.due([OVER, other], 3760.0)
    assert (repeat.firing, repeat.resolved, repeat.only) == ((other,), (), frozenset())
    box.failed(repeat, 3760.0)
    assert box.due([OVER, other], 3760.0) == ()
    assert box.next_due_at([OVER, other]) > 3760.0


def test_backoff_is_forgotten_with_the_alert_that_it_was_about():
    box = Outbox(
        SETTINGS,
        [make_route(LogChannelSettings(type="log", name="one", send_resolved=False))],
        Random(0),
    )
    (notice,) = box.due([FIRING], 103.0)
    box.failed(notice, 103.0, permanent=True)
    assert box.due([OVER], 160.0) == ()
    again = alert(started_at=170.0)
    assert box.next_due_at([again]) == 173.0


def test_a_restart_neither_repeats_nor_forgets():
    before = outbox(ONE, TWO)
    first, second = before.due([FIRING], 103.0)
    before.delivered(first, 103.0)
    before.failed(second, 103.0)
    box = outbox(ONE, TWO, saved=before.deliveries)
    assert told(box, [FIRING], 104.0) == ["two"]
    assert told(box, [FIRING], 200.0) == []
    assert told(box, [OVER], 200.0) == ["one", "two"]


def test_what_a_removed_channel_was_told_is_forgotten():
    before = outbox(ONE, TWO)
    told(before, [FIRING], 103.0)
    box = outbox(TWO, saved=before.deliveries)
    assert [delivery.channel for delivery in box.deliveries] == ["two"]


def test_a_channel_is_told_of_what_it_takes_and_nothing_else():
    low_only = make_route(LogChannelSettings(type="log", name="low", matchers=("queue_name=low",)))
    info = make_route(LogChannelSettings(type="log", name="info", severity=("info",)))
    low = alert(queue_name="low", started_at=100.0)
    remark = alert("Remark", severity="info", started_at=100.0)
    box = outbox(ONE, low_only, info)
    due = {notice.channel: notice.firing for notice in box.due([FIRING, low, remark], 103.0)}
    assert due == {"one": (FIRING, low), "low": (low,), "info": (remark,)}


def test_a_muted_alert_is_told_when_it_is_no_longer_muted_and_still_fires():
    box = outbox()
    assert box.due([FIRING], 103.0, {FIRING.fingerprint}) == ()
    assert box.next_due_at([FIRING], {FIRING.fingerprint}) is None
    assert told(box, [FIRING], 500.0) == ["one"]

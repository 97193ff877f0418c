import pytest
from msgspec.structs import replace

from monitor.alerts.delivery import MAX_UNTOLD, Delivery, after, due_at, notice_of, settled
from monitor.alerts.grouping import groups_of
from monitor.alerts.routing import make_route
from monitor.alerts.settings import AlertSettings
from monitor.channels.settings import LogChannelSettings
from tests.unit.alerts.worlds import alert

SETTINGS = AlertSettings(group_wait=3.0, group_interval=30.0, repeat_interval=3600.0)
ALL = make_route(LogChannelSettings(type="log", name="all"))
FIRING_ONLY = make_route(LogChannelSettings(type="log", name="firing-only", send_resolved=False))

A = alert(queue_name="a", started_at=100.0)
B = alert(queue_name="b", started_at=110.0)
A_OVER = alert(queue_name="a", started_at=100.0, resolved_at=120.0)
A_AGAIN = alert(queue_name="a", started_at=130.0)


def told(*, firing=(), resolved=(), at=105.0, channel="all"):
    return Delivery(
        channel=channel,
        group_key=group(A).key,
        firing=frozenset(alert.incarnation for alert in firing),
        resolved=frozenset(alert.incarnation for alert in resolved),
        delivered_at=at,
    )


def group(*alerts):
    (only,) = groups_of(alerts, ("alertname", "broker")).values()
    return only


def muted_group(*alerts, muted):
    fingerprints = {alert.fingerprint for alert in muted}
    (only,) = groups_of([*alerts, *muted], ("alertname", "broker"), fingerprints).values()
    return only


@pytest.mark.parametrize(
    ("alerts", "before", "route", "expected_at"),
    [
        # group_wait after the first alert of a new group.
        ([B, A], None, ALL, 103.0),
        # News of a told group wait for group_interval; everything told, for repeat_interval.
        ([A, B], told(firing=[A]), ALL, 135.0),
        ([A], told(firing=[A]), ALL, 3705.0),
        # A firing that was told gets its resolve.
        ([A_OVER], told(firing=[A]), ALL, 135.0),
        ([A_OVER], told(resolved=[A]), ALL, None),
        ([A_OVER], told(firing=[A]), FIRING_ONLY, None),
        # Fired and over before anybody was told: once, with both times.
        ([A_OVER], None, ALL, 103.0),
        ([A_OVER], None, FIRING_ONLY, None),
        # All that was told is over: a new group again, yet told no more often.
        ([A_OVER, A_AGAIN], told(resolved=[A], at=125.0), ALL, 155.0),
        ([A_OVER, A_AGAIN], told(resolved=[A], at=90.0), ALL, 133.0),
        ([A_OVER, A_AGAIN], told(firing=[A]), ALL, 135.0),
    ],
)
def test_when_a_channel_is_to_be_told(alerts, before, route, expected_at):
    assert due_at(group(*alerts), before, route, SETTINGS) == expected_at


def test_a_notice_holds_all_that_fires_and_the_resolves_that_are_owed():
    told_over = alert(queue_name="c", started_at=90.0, resolved_at=95.0)
    before = told(firing=[A], resolved=[told_over])
    notice = notice_of(group(A_OVER, A_AGAIN, B, told_over), before, ALL, SETTINGS, 140.0)
    assert (notice.firing, notice.resolved) == ((B, A_AGAIN), (A_OVER,))
    assert (notice.channel, notice.status, notice.made_at) == ("all", "firing", 140.0)


def test_a_muted_alert_is_left_out_and_news_again_when_it_is_no_longer_muted():
    before = told(firing=[A])
    muted = muted_group(B, muted=[A])
    assert due_at(muted, before, ALL, SETTINGS) == 135.0
    notice = notice_of(muted, before, ALL, SETTINGS, 135.0)
    assert notice.firing == (B,)
    after_it = after(notice, before, 135.0)
    assert after_it.firing == {A.incarnation, B.incarnation}
    # It would be repeated in an hour, but whoever read that notice takes it for over.
    assert due_at(group(A, B), after_it, ALL, SETTINGS) == 165.0
    assert notice_of(group(A, B), after_it, ALL, SETTINGS, 165.0).firing == (A, B)


def test_a_muted_alert_that_nothing_was_said_of_meanwhile_is_no_news_afterwards():
    before = told(firing=[A])
    assert due_at(muted_group(muted=[A]), before, ALL, SETTINGS) is None
    assert due_at(group(A), before, ALL, SETTINGS) == 3705.0


def test_a_firing_that_was_told_gets_its_resolve_although_it_was_muted_at_its_end():
    over = replace(A_OVER, ended_muted=True)
    assert due_at(group(over), told(firing=[A]), ALL, SETTINGS) == 135.0
    # Whoever was not told that it fired is not told at all.
    assert due_at(group(over), None, ALL, SETTINGS) is None
    assert due_at(group(over), told(firing=[B]), ALL, SETTINGS) is None


def test_after_a_notice_what_was_told_is_known():
    before = told(firing=[A])
    notice = notice_of(group(A_OVER, B), before, ALL, SETTINGS, 140.0)
    assert after(notice, before, 141.0) == told(firing=[B], resolved=[A], at=141.0)


def test_whom_a_notice_did_not_reach_is_told_alone_until_there_is_news_for_all():
    reached = after(notice_of(group(A), None, ALL, SETTINGS, 103.0), None, 103.0, frozenset("x"))
    assert due_at(group(A), reached, ALL, SETTINGS) == 103.0
    rest = notice_of(group(A), reached, ALL, SETTINGS, 104.0)
    assert (rest.firing, rest.only) == ((A,), {"x"})
    assert due_at(group(A), after(rest, reached, 104.0), ALL, SETTINGS) == 3703.0
    assert due_at(group(A, B), reached, ALL, SETTINGS) == 133.0
    for everybody in (group(A, B), group(A_OVER)):
        assert notice_of(everybody, reached, ALL, SETTINGS, 133.0).only == frozenset()
    assert notice_of(group(A), reached, ALL, SETTINGS, 3703.0).only == frozenset()
    assert due_at(muted_group(muted=[A]), reached, ALL, SETTINGS) is None


@pytest.mark.parametrize("over", [A_OVER, replace(A_OVER, ended_muted=True)])
def test_a_resolve_is_owed_until_the_last_receiver_of_a_channel_has_it(over):
    before = told(firing=[A])
    reached = after(
        notice_of(group(over), before, ALL, SETTINGS, 135.0), before, 135.0, frozenset("x")
    )
    assert settled(reached, group(over), ALL, SETTINGS, 140.0) == reached
    rest = notice_of(group(over), reached, ALL, SETTINGS, 140.0)
    assert (rest.resolved, rest.only) == ((over,), {"x"})
    whole = after(rest, reached, 140.0)
    assert due_at(group(over), whole, ALL, SETTINGS) is None
    assert whole == told(resolved=[A], at=135.0)


def test_a_resolve_that_only_some_missed_is_told_to_nobody_else():
    before = told(firing=[A])
    ended = notice_of(group(A_OVER), before, ALL, SETTINGS, 135.0)
    reached = after(ended, before, 135.0, frozenset("x"))
    # Not even where it is late enough for a repeat.
    assert notice_of(group(A_OVER), reached, ALL, SETTINGS, 9e9).only == {"x"}
    news = notice_of(group(A_OVER, B), reached, ALL, SETTINGS, 165.0)
    assert (news.firing, news.resolved, news.only) == ((B,), (), frozenset())
    both = after(news, reached, 165.0, frozenset("y"))
    assert (both.missing, both.missed) == (frozenset("xy"), {A.incarnation, B.incarnation})
    late = after(news, reached, 165.0)
    assert (late.missing, late.missed) == (frozenset("x"), {A.incarnation})
    rest = notice_of(group(A_OVER, B), late, ALL, SETTINGS, 165.0)
    assert (rest.firing, rest.resolved, rest.only) == ((B,), (A_OVER,), {"x"})
    assert after(rest, late, 166.0) == told(firing=[B], resolved=[A], at=165.0)


def test_the_end_that_some_missed_is_said_by_the_next_firing():
    before = told(firing=[A])
    ended = notice_of(group(A_OVER), before, ALL, SETTINGS, 135.0)
    reached = after(ended, before, 135.0, frozenset("x"))
    news = notice_of(group(A_OVER, A_AGAIN), reached, ALL, SETTINGS, 165.0)
    assert after(news, reached, 165.0) == told(firing=[A_AGAIN], resolved=[A], at=165.0)
    again = after(news, reached, 165.0, frozenset("x"))
    assert (again.missing, again.missed) == ({"x"}, {A_AGAIN.incarnation})


def test_nobody_misses_what_is_over_where_no_end_is_told():
    before = told(firing=[A], channel="firing-only")
    notice = notice_of(group(A, B), before, FIRING_ONLY, SETTINGS, 135.0)
    reached = after(notice, before, 135.0, frozenset("x"))
    b_over = replace(B, state="resolved", resolved_at=140.0)
    kept = settled(reached, group(A, b_over), FIRING_ONLY, SETTINGS, 140.0)
    assert (kept.missing, kept.firing) == (frozenset(), {A.incarnation})
    assert due_at(group(A, b_over), kept, FIRING_ONLY, SETTINGS) == 3735.0


def test_whom_a_repeat_did_not_reach_gets_all_of_it():
    before = told(firing=[A, B])
    notice = notice_of(group(A, B), before, ALL, SETTINGS, 3705.0)
    reached = after(notice, before, 3705.0, frozenset("x"))
    rest = notice_of(group(A, B), reached, ALL, SETTINGS, 3706.0)
    assert (rest.firing, rest.only) == ((A, B), {"x"})


def test_a_channel_that_is_down_for_days_is_told_of_the_last_flaps_only():
    flaps = [alert(started_at=float(n), resolved_at=n + 0.5) for n in range(MAX_UNTOLD + 5)]
    first = flaps[0]
    notice = notice_of(group(*flaps), told(firing=[first]), ALL, SETTINGS, 140.0)
    assert notice.resolved == (first, *flaps[-MAX_UNTOLD:])


@pytest.mark.parametrize(
    ("before", "alerts", "route", "now", "kept"),
    [
        (told(firing=[A], resolved=[B]), [A], ALL, 200.0, told(firing=[A])),
        (told(firing=[A]), [A_OVER], ALL, 200.0, told(firing=[A])),
        (told(resolved=[A]), [A_OVER], ALL, 200.0, told(resolved=[A])),
        (told(firing=[A]), [A_OVER], FIRING_ONLY, 200.0, None),
        (told(resolved=[A]), [], ALL, 200.0, None),
        # It still says when news may come.
        (told(resolved=[A]), [], ALL, 110.0, told()),
        # The clock was set back.
        (told(firing=[A], at=9e9), [A], ALL, 200.0, told(firing=[A], at=200.0)),
    ],
)
def test_what_is_over_for_good_is_forgotten(before, alerts, route, now, kept):
    present = group(*alerts) if alerts else None
    assert settled(before, present, route, SETTINGS, now) == kept

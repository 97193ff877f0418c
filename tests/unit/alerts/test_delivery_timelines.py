"""Random timelines of alerts, failing receivers and restarts of the monitor.

A send may arrive and be reported as failed, and the monitor may be killed after a send and before
it saved: only then may anything be told twice. One of a channel's two receivers is sometimes not
reached while the other is: it may miss an end if a later one of the same alert is told.
"""

from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.engine import Engine
from monitor.alerts.outbox import Outbox
from monitor.alerts.routing import make_route
from monitor.alerts.settings import AlertSettings
from monitor.channels.settings import LogChannelSettings
from tests.unit.alerts.worlds import queue, rule, snapshot

QUEUES = ("a", "b", "c")
TICK_SECONDS = 2.0
SETTINGS = AlertSettings(group_wait=1.0, group_interval=4.0, repeat_interval=1e6)
RULES = [rule(when="length > 0")]

FATES = st.sampled_from(["good", "good", "down", "refused", "lost answer", "partly"])
PEOPLE = ("x", "y")
"""The receivers of each channel."""
ALWAYS_REACHED = "x"
"""The one whom every notice reaches that reaches anybody."""
# In each tick: the queues that are long, what becomes of each channel's sends, and whether the
# monitor is killed after the sends and before it saved.
TICKS = st.lists(
    st.tuples(st.frozensets(st.sampled_from(QUEUES)), FATES, FATES, st.booleans()), max_size=40
)


class Receiver:
    """What one channel's receiver heard, and what it may hear twice."""

    def __init__(self):
        self.heard = set()
        self.last_words = {}
        self.excused = set()

    def receive(self, notice):
        words = notice.words
        if words <= self.heard:
            # Nothing in it was news: somebody must have an excuse for sending it.
            assert words & self.excused
        assert {word for word in words & self.heard if word[1] == "resolved"} <= self.excused
        self.heard |= words
        alerts = sorted((*notice.resolved, *notice.firing), key=lambda alert: alert.started_at)
        self.last_words.update({alert.fingerprint: alert.state for alert in alerts})


class Monitor:
    """Engine, outbox and what is saved of them, without the rest of the daemon."""

    def __init__(self, send_resolved):
        self.channels = [
            make_route(LogChannelSettings(type="log", name="one")),
            make_route(LogChannelSettings(type="log", name="two", send_resolved=send_resolved)),
        ]
        self.receivers = {
            (channel.name, person): Receiver() for channel in self.channels for person in PEOPLE
        }
        self.fired = set()
        self.saved_alerts, self.saved_deliveries = (), ()
        self.start()

    def start(self):
        self.engine = Engine(RULES, self.saved_alerts)
        self.outbox = Outbox(SETTINGS, self.channels, Random(1), self.saved_deliveries)

    def tick(self, long, fates, killed, now):
        queues = [queue(name, length=int(name in long)) for name in QUEUES]
        self.engine.evaluate(snapshot(queues=queues), now)
        self.save()
        for notice in self.outbox.due(self.engine.alerts, now):
            self.send(notice, fates[notice.channel], now, killed)
        if killed:
            self.start()
        self.engine.forget_resolved(self.outbox.owed(self.engine.alerts))
        self.save()

    def save(self):
        self.saved_alerts, self.saved_deliveries = self.engine.alerts, self.outbox.deliveries
        self.fired |= {a.incarnation for a in self.saved_alerts if a.state == "firing"}

    def send(self, notice, fate, now, killed):
        to = notice.only or frozenset(PEOPLE)
        reached = (
            to
            if fate in ("good", "lost answer")
            else to & {ALWAYS_REACHED}
            if fate == "partly"
            else ()
        )
        for person in reached:
            self.receivers[notice.channel, person].receive(notice)
        if fate in ("good", "partly") and reached:
            self.outbox.delivered(notice, now, to - reached)
        else:
            self.outbox.failed(notice, now, permanent=fate == "refused")
        for person in reached:
            excused = self.receivers[notice.channel, person].excused
            if killed or fate == "lost answer":
                excused |= notice.words


def play(ticks, send_resolved):
    monitor = Monitor(send_resolved)
    now = 0.0
    for long, one, two, killed in ticks:
        now += TICK_SECONDS
        monitor.tick(long, {"one": one, "two": two}, killed, now)
    # All is over, and the receivers are well again for longer than any backoff.
    for _ in range(6):
        now += 1000.0
        monitor.tick(frozenset(), {"one": "good", "two": "good"}, False, now)
    for channel, person in product(monitor.channels, PEOPLE):
        receiver = monitor.receivers[channel.name, person]
        if channel.send_resolved:
            resolved = {incarnation for incarnation, state in receiver.heard if state == "resolved"}
            last = set(dict(sorted(monitor.fired)).items())
            assert last <= resolved <= monitor.fired
            assert resolved == monitor.fired or person != ALWAYS_REACHED
            assert set(receiver.last_words.values()) <= {"resolved"}
        else:
            assert {state for _, state in receiver.heard} <= {"firing"}
    assert (monitor.engine.alerts, monitor.outbox.deliveries) == ((), ())


def test_whoever_misses_what_comes_and_goes_for_long_is_told_its_last_word():
    monitor = Monitor(send_resolved=True)
    reached, missing = (monitor.receivers["one", person] for person in PEOPLE)
    now, sizes = 0.0, set()
    for flap in range(20):
        for long in ["a", "b"] if flap == 0 else ["a"], []:
            for step in range(5):
                now += TICK_SECONDS
                restarts = step == 4
                monitor.tick(long, {"one": "partly", "two": "good"}, restarts, now)
        delivery = next(each for each in monitor.outbox.deliveries if each.channel == "one")
        sizes.add((len(monitor.engine.alerts), len(delivery.resolved), len(delivery.missed)))
    # The end of "b", and of "a" the latest.
    assert sizes == {(2, 2, 2)}
    assert len(reached.heard) == 2 * len(monitor.fired) == 2 * (20 + 1)
    assert missing.heard == set()
    for _ in range(5):
        now += 1000.0
        monitor.tick([], {"one": "good", "two": "good"}, False, now)
    assert {state for _, state in missing.heard} == {"resolved"}
    assert {name for name, _ in missing.heard} == set(dict(sorted(monitor.fired)).items())
    assert (monitor.engine.alerts, monitor.outbox.deliveries) == ((), ())


@settings(max_examples=150, deadline=None)
@given(TICKS, st.booleans())
def test_nothing_is_lost_and_nothing_is_told_again_without_an_excuse(ticks, send_resolved):
    play(ticks, send_resolved)


@pytest.mark.soak
@settings(max_examples=5000, deadline=None)
@given(TICKS, st.booleans())
def test_nothing_is_lost_in_thousands_of_timelines(ticks, send_resolved):
    play(ticks, send_resolved)

"""Random timelines of alerts, failing receivers and restarts of the monitor.

A send may arrive and be reported as failed, and the monitor may be killed after a send and
before it saved: only then may anything be told twice.
"""

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

FATES = st.sampled_from(["good", "good", "down", "refused", "lost answer"])
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
        words = words_of(notice)
        if words <= self.heard:
            # Nothing in it was news: somebody must have an excuse for sending it.
            assert words & self.excused
        assert {word for word in words & self.heard if word[1] == "resolved"} <= self.excused
        self.heard |= words
        alerts = sorted((*notice.resolved, *notice.firing), key=lambda alert: alert.started_at)
        self.last_words.update({alert.fingerprint: alert.state for alert in alerts})


def words_of(notice):
    return {(alert.incarnation, alert.state) for alert in (*notice.resolved, *notice.firing)}


class Monitor:
    """Engine, outbox and what is saved of them, without the rest of the daemon."""

    def __init__(self, send_resolved):
        self.channels = [
            make_route(LogChannelSettings(type="log", name="one")),
            make_route(LogChannelSettings(type="log", name="two", send_resolved=send_resolved)),
        ]
        self.receivers = {channel.name: Receiver() for channel in self.channels}
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
        receiver = self.receivers[notice.channel]
        if fate in ("good", "lost answer"):
            receiver.receive(notice)
        if fate == "good":
            self.outbox.delivered(notice, now)
        else:
            self.outbox.failed(notice, now, permanent=fate == "refused")
        if killed or fate == "lost answer":
            receiver.excused |= words_of(notice)


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
    for channel in monitor.channels:
        receiver = monitor.receivers[channel.name]
        if channel.send_resolved:
            resolved = {incarnation for incarnation, state in receiver.heard if state == "resolved"}
            assert resolved == monitor.fired
            assert set(receiver.last_words.values()) <= {"resolved"}
        else:
            assert {state for _, state in receiver.heard} <= {"firing"}
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

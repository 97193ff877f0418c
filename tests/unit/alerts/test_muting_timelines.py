"""Random timelines of alerts, silences and failing receivers: what a silence promises, held.

A muted alert is not told as firing; what was told gets its resolve, muted or not; whoever is
no longer muted and still fires is told; what ended muted and untold is never told.
"""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.desk import Desk
from monitor.alerts.matchers import Matcher
from monitor.alerts.routing import make_route
from monitor.alerts.settings import AlertSettings, RuleSettings
from monitor.alerts.silences import Silence
from monitor.channels.settings import LogChannelSettings
from tests.unit.alerts.worlds import queue, snapshot

QUEUES = ("a", "b")
TICK_SECONDS = 2.0
SETTINGS = AlertSettings(
    builtin=False,
    rules=(RuleSettings(alert="TooMany", on="queue", when="length > 0"),),
    group_wait=1.0,
    group_interval=4.0,
    repeat_interval=1e6,
)
SOME = st.frozensets(st.sampled_from(QUEUES))
# In each tick: the queues that are long, those that are silenced, and whether the send arrives.
TICKS = st.lists(st.tuples(SOME, SOME, st.booleans()), max_size=40)


class Installation:
    """A desk, its silences, and one receiver that remembers what it was told."""

    def __init__(self):
        route = make_route(LogChannelSettings(type="log", name="one"))
        self.desk = Desk(SETTINGS, [route], (), random=Random(1), now=0.0)
        self.told = []
        self.silenced = frozenset()

    def tick(self, long, silenced, arrives, now):
        self.silence(silenced, now)
        queues = [queue(name, length=int(name in long)) for name in QUEUES]
        changed = self.desk.evaluate(snapshot(queues=queues), now)
        for notice in self.desk.due(now):
            assert not {dict(alert.labels)["queue_name"] for alert in notice.firing} & silenced
            if arrives:
                self.told.append(notice)
                self.desk.outbox.delivered(notice, now)
            else:
                self.desk.outbox.failed(notice, now)
        return changed

    def silence(self, names, now):
        for name in names - self.silenced:
            silence = Silence(
                id="",
                matchers=(Matcher("queue_name", "=", name),),
                starts_at=now,
                ends_at=1e9,
                updated_at=now,
                created_by="",
                comment="",
            )
            self.desk.silences.put(silence, now, f"{name}{now}")
        for silence in self.desk.silences.active(now):
            if silence.matchers[0].value not in names:
                self.desk.silences.expire(silence.id, now)
        self.silenced = names

    def incarnations(self, state):
        alerts = (alert for notice in self.told for alert in getattr(notice, state))
        return {alert.incarnation for alert in alerts}


@settings(max_examples=150, deadline=None)
@given(TICKS)
def test_a_silence_holds_back_what_begins_and_never_what_ends(ticks):
    here, now, fired, ended_muted = Installation(), 0.0, set(), set()
    for long, silenced, arrives in ticks:
        now += TICK_SECONDS
        for alert in here.tick(long, silenced, arrives, now):
            if alert.state == "firing":
                fired.add(alert.incarnation)
            elif alert.ended_muted:
                ended_muted.add(alert.incarnation)
    last = {alert.incarnation for alert in here.desk.alerts if alert.state == "firing"}
    # Nothing is silenced any more, what fires goes on, and the receiver is well.
    long = {dict(a.labels)["queue_name"] for a in here.desk.alerts if a.state == "firing"}
    for _ in range(3):
        now += 1000.0
        here.tick(long, frozenset(), True, now)
    if last:
        assert last == {alert.incarnation for alert in here.told[-1].firing}
    for _ in range(3):
        now += 1000.0
        here.tick(frozenset(), frozenset(), True, now)
    told, resolved = here.incarnations("firing"), here.incarnations("resolved")
    assert told <= resolved <= fired
    assert fired - ended_muted <= resolved
    assert resolved & ended_muted <= told

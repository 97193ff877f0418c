import pytest
from msgspec.structs import replace

from monitor.alerts.builtin import BUILTIN
from monitor.alerts.rules import compile_rule
from monitor.facts.channel import ChannelFacts
from monitor.facts.logs import LogFacts
from monitor.facts.snapshot import BrokerFacts, ScheduleFacts
from tests.unit.alerts.worlds import queue, task, worker


def test_the_table_of_built_in_rules():
    table = {(r.alert, r.on, r.when, r.for_, r.severity) for r in BUILTIN}
    assert table == {
        ("BrokerDown", "broker", "not up", 30.0, "critical"),
        ("BrokerRefusingWrites", "broker", "not writable", 60.0, "critical"),
        ("MessagesLost", "broker", "messages_lost_lately > 0", 0.0, "warning"),
        ("BrokerMemoryHigh", "broker", "memory_used / memory_max > 0.85", 300.0, "warning"),
        ("BrokerMemoryHigh", "broker", "memory_used / memory_max >= 0.95", 300.0, "critical"),
        ("BrokerEvicting", "broker", "evicted_lately > 0 and evicts_queues", 0.0, "warning"),
        ("BrokerEvicting", "broker", "evicted_lately > 0 and not evicts_queues", 0.0, "info"),
        ("WorkerDead", "worker", 'state == "dead"', 0.0, "warning"),
        ("WorkerHung", "worker", 'state == "hung"', 30.0, "warning"),
        ("WorkerCrashLooping", "worker", "recent_crashes >= 3", 0.0, "warning"),
        ("WorkersMissing", "queue", "workers < expected_workers", 120.0, "critical"),
        ("QueueAbandoned", "queue", "length > 0 and workers == 0", 120.0, "critical"),
        (
            "RedeliveryRisk",
            "broker",
            "oldest_due_unacked_age > 0.8 * visibility_timeout",
            60.0,
            "warning",
        ),
        ("QueueStalled", "queue", 'verdict == "stalled"', 300.0, "critical"),
        (
            "QueueBacklogGrowing",
            "queue",
            'verdict == "growing" and drain > target_drain',
            900.0,
            "warning",
        ),
        ("QueueTooOld", "queue", "oldest_age > max_age", 120.0, "warning"),
        ("QueueTooLong", "queue", "length > max_length", 120.0, "warning"),
        (
            "TaskFailureRatio",
            "task",
            "recently_finished >= 20 and failure_ratio > 0.25",
            0.0,
            "warning",
        ),
        ("TaskStuck", "task", "stuck > 0", 0.0, "warning"),
        ("ScheduleMissed", "schedule", "missed", 0.0, "warning"),
        ("LogSilent", "log", "silence > max_silence", 0.0, "warning"),
        ("NotificationsFailing", "channel", "refused > 0 or failing > 15m", 0.0, "critical"),
        ("EventsOff", "broker", "workers_without_events > 0", 600.0, "info"),
    }


@pytest.mark.parametrize("settings", BUILTIN, ids=lambda settings: settings.alert)
def test_each_built_in_rule_names_a_cause_and_a_command(settings):
    assert settings.cause and settings.command


def flying(
    age_seconds: float, timeout_seconds: float | None, stranded: int | None = None
) -> BrokerFacts:
    return BrokerFacts(
        broker="b",
        up=True,
        oldest_due_unacked_age_seconds=age_seconds,
        visibility_timeout_seconds=timeout_seconds,
        stranded=stranded,
    )


def silent(seconds: float | None) -> LogFacts:
    return LogFacts(log="tasks", silence_seconds=seconds, max_silence_seconds=900.0)


DOWN = BrokerFacts(broker="b", up=False, error="connection refused")
GROWING = queue(
    length=900,
    verdict="growing",
    arrival_rate=5.5,
    dispatch_rate=2.0,
    drain_seconds=float("inf"),
    target_drain_seconds=600.0,
)
OLD = queue(length=3, oldest_age_seconds=963.0, max_age_seconds=900.0)

MISSED = ScheduleFacts(
    broker="b",
    schedule="daily report",
    due_at=1795332600.0,
    missed=True,
    reason="it was not sent: beat is silent",
)
STUCK = task(
    stuck=1,
    max_runtime_seconds=1800.0,
    longest_running_seconds=3600.0,
    longest_running_on="high@web1",
    longest_running_id="u1",
)


@pytest.mark.parametrize(
    ("alert", "obj", "holds", "summary"),
    [
        ("BrokerDown", DOWN, True, "b cannot be polled: connection refused"),
        ("BrokerDown", BrokerFacts(broker="b", up=True), False, ""),
        ("BrokerDown", BrokerFacts(broker="b"), None, ""),
        ("MessagesLost",
         BrokerFacts(broker="b", messages_lost_lately=40, latest_reset="the broker was flushed"),
         True, "b lost messages, at least 40: the broker was flushed"),
        ("MessagesLost", BrokerFacts(broker="b", messages_lost_lately=0), False, ""),
        ("LogSilent", silent(901.0), True,
         "tasks: nothing that counts was written for 15m 1s, more than 15m; its files can be read"),
        ("LogSilent", silent(900.0), False, ""),
        # What was before the monitor watched is not known, and without a bound nothing is expected.
        ("LogSilent", silent(None), None, ""),
        ("LogSilent", LogFacts(log="tasks", silence_seconds=9e6), None, ""),
        ("NotificationsFailing",
         ChannelFacts(channel="slack", refused=1, failing_seconds=0.0, problem="HTTP 404"),
         True, "notices do not arrive at slack: HTTP 404"),
        ("NotificationsFailing",
         ChannelFacts(channel="slack", refused=0, failing_seconds=901.0, problem="timed out"),
         True, "notices do not arrive at slack: timed out"),
        # A receiver that is restarted wakes nobody.
        ("NotificationsFailing",
         ChannelFacts(channel="slack", refused=0, failing_seconds=900.0), False, ""),
        ("NotificationsFailing", ChannelFacts(channel="slack"), None, ""),
        ("WorkerDead", worker(state="dead", reason="silent for 14s"), True,
         "high@web1 is dead: silent for 14s"),
        ("WorkerDead", worker(state="late"), False, ""),
        ("WorkerDead", worker(state="offline"), False, ""),
        ("WorkerDead", worker(), None, ""),
        ("WorkerHung", worker(state="hung", reason="silent for 14s"), True,
         "high@web1 hangs: silent for 14s"),
        ("WorkerHung", worker(state="busy"), False, ""),
        ("WorkerCrashLooping", worker(recent_crashes=3), True,
         "high@web1 was started again 3 times in 15 minutes without having said goodbye"),
        ("WorkerCrashLooping", worker(recent_crashes=2), False, ""),
        ("WorkersMissing", queue(workers=0, expected_workers=1), True,
         "high: live workers 0, expected 1"),
        ("WorkersMissing", queue(workers=1, expected_workers=1), False, ""),
        # Nothing is expected of a queue that is not named, and unknown workers are not missing.
        ("WorkersMissing", queue(workers=0), None, ""),
        ("WorkersMissing", queue(expected_workers=1), None, ""),
        ("QueueAbandoned", queue(length=40, workers=0), True,
         "high: 40 waiting and no live worker consumes it"),
        ("QueueAbandoned", queue(length=40, workers=1), False, ""),
        ("QueueAbandoned", queue(length=0, workers=0), False, ""),
        # Consumers that are not known are not zero.
        ("QueueAbandoned", queue(length=40), None, ""),
        ("RedeliveryRisk", flying(3000.0, 3600.0), True,
         "b: a message has been in flight for 50m; after 1h it is delivered again, and its task "
         "may run twice"),
        ("RedeliveryRisk", flying(3000.0, 3600.0, stranded=4), True,
         "b: a message has been in flight for 50m; after 1h it is delivered again, and its task "
         "may run twice; no live worker holds 4 of those in flight"),
        ("RedeliveryRisk", flying(2000.0, 3600.0), False, ""),
        # The timeout is the workers' own, and not known unless somebody says it.
        ("RedeliveryRisk", flying(3000.0, None), None, ""),
        ("QueueStalled", queue(length=5, workers=2, verdict="stalled"), True,
         "high: 5 waiting, and of the live workers that consume it, 2 in all, one with a free "
         "process takes none"),
        ("QueueStalled", queue(length=5, verdict="saturated"), False, ""),
        ("QueueStalled", queue(length=5), None, ""),
        ("QueueBacklogGrowing", GROWING, True,
         "high: 900 waiting and not shrinking: 5.5 come a second, 2 are taken"),
        ("QueueBacklogGrowing", replace(GROWING, drain_seconds=60.0), False, ""),
        ("QueueBacklogGrowing", replace(GROWING, verdict="draining"), False, ""),
        ("QueueTooOld", OLD, True,
         "high: the oldest of 3 waiting has waited at least 16m 3s, more than 15m"),
        ("QueueTooOld", queue(length=3, oldest_age_seconds=9.0, max_age_seconds=900.0), False, ""),
        ("QueueTooOld", queue(oldest_age_seconds=9.0), None, ""),
        ("QueueTooLong", queue(length=11, max_length=10), True, "high: 11 waiting, more than 10"),
        ("QueueTooLong", queue(length=10, max_length=10), False, ""),
        ("EventsOff", BrokerFacts(broker="b", workers_without_events=2), True,
         "b: workers without task events: 2; their tasks are not counted"),
        ("EventsOff", BrokerFacts(broker="b", workers_without_events=0), False, ""),
        ("EventsOff", BrokerFacts(broker="b"), None, ""),
        ("TaskFailureRatio", task(recently_failed=6, recently_finished=20), True,
         "app.add on high: 6 of 20 failed in the last 10 minutes"),
        ("TaskFailureRatio", task(recently_failed=5, recently_finished=20), False, ""),
        ("TaskFailureRatio", task(recently_failed=19, recently_finished=19), False, ""),
        # With nothing finished there is no ratio, and a firing alert is over all the same.
        ("TaskFailureRatio", task(recently_failed=0, recently_finished=0), False, ""),
        ("TaskFailureRatio", task(), None, ""),
        ("ScheduleMissed", MISSED, True,
         "daily report, due 2026-11-22T07:30:00.000Z, was missed: it was not sent: beat is "
         "silent"),
        ("ScheduleMissed", ScheduleFacts(broker="b", schedule="s", missed=False), False, ""),
        ("ScheduleMissed", ScheduleFacts(broker="b", schedule="s"), None, ""),
        ("TaskStuck", STUCK, True,
         "app.add on high: 1 running for longer than 30m, the longest for 1h on high@web1, id u1"),
        ("TaskStuck", task(stuck=0), False, ""),
        # Without a bound, or while no worker has confirmed it, nobody is called.
        ("TaskStuck", task(longest_running_seconds=9e9), None, ""),
        # Where no bound is set there is nothing to say.
        ("QueueTooLong", queue(length=10), None, ""),
    ],
)  # fmt: skip
def test_each_built_in_rule_holds_when_it_should_and_says_so(alert, obj, holds, summary):
    rule = next(compile_rule(settings) for settings in BUILTIN if settings.alert == alert)
    assert rule.when.value(obj) is holds
    if holds:
        assert rule.summary.render(obj) == summary


OBSTACLES = {"out_of_memory": False, "disk": False}


@pytest.mark.parametrize(
    ("alert", "facts", "severities"),
    [
        ("BrokerRefusingWrites", {"obstacles": OBSTACLES | {"disk": True}}, ["critical"]),
        ("BrokerRefusingWrites", {"obstacles": OBSTACLES}, []),
        ("BrokerRefusingWrites", {}, []),
        ("BrokerMemoryHigh", {"memory_used_bytes": 85, "memory_max_bytes": 100}, []),
        ("BrokerMemoryHigh", {"memory_used_bytes": 86, "memory_max_bytes": 100}, ["warning"]),
        # The graver one comes on top, so that nothing seems to be over as it gets worse.
        (
            "BrokerMemoryHigh",
            {"memory_used_bytes": 95, "memory_max_bytes": 100},
            ["warning", "critical"],
        ),
        # Without a limit there is nothing to be near.
        ("BrokerMemoryHigh", {"memory_used_bytes": 95}, []),
        ("BrokerEvicting", {"evicted_lately": 2, "maxmemory_policy": "allkeys-lru"}, ["warning"]),
        ("BrokerEvicting", {"evicted_lately": 2, "maxmemory_policy": "volatile-lru"}, ["info"]),
        ("BrokerEvicting", {"evicted_lately": 0, "maxmemory_policy": "allkeys-lru"}, []),
        ("BrokerEvicting", {"maxmemory_policy": "allkeys-lru"}, []),
    ],
)
def test_how_grave_the_state_of_a_broker_is(alert, facts, severities):
    row = BrokerFacts(broker="b", up=True, **facts)
    rules = [compile_rule(settings) for settings in BUILTIN if settings.alert == alert]
    assert [rule.severity for rule in rules if rule.when.value(row)] == severities


def test_why_writes_are_refused_is_said():
    rule = next(compile_rule(r) for r in BUILTIN if r.alert == "BrokerRefusingWrites")
    row = BrokerFacts(broker="b", up=True, obstacles=OBSTACLES | {"disk": True})
    assert rule.summary.render(row) == "b refuses writes: it cannot write to its disk (MISCONF)"

"""Random timelines of an installation, and the alerts that the engine has on them.

Left out is what PromQL cannot say. A fact that is not known though its broker is read and heard:
here facts are unknown while their broker is away, or always. And `keep_firing_for` ends when its
object is gone, which Prometheus does not know of: here objects go only where no rule has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from monitor.alerts.engine import Engine
from monitor.alerts.rules import Rule
from monitor.facts.broker.writability import OBSTACLES
from monitor.facts.channel import ChannelFacts
from monitor.facts.histogram import HistogramFacts
from monitor.facts.logs import LogFacts
from monitor.facts.scopes import VERDICTS, WORKER_STATES
from monitor.facts.snapshot import (
    BrokerFacts,
    MonitorFacts,
    QueueFacts,
    ScheduleFacts,
    Snapshot,
    TaskFacts,
    WorkerFacts,
)

INTERVAL_SECONDS = 30
STEPS = 60
_CHANGES = (0.02, 0.2)
"""How probable it is that a fact is another one at the next step: a long `for` needs calm."""

_NOTHING = HistogramFacts((1.0,), (0, 0), 0.0)
_VALUES: dict[type, dict[str, tuple[Any, ...]]] = {
    BrokerFacts: {
        "messages_lost_lately": (0, 0, 7),
        "memory_used_bytes": (10, 85, 86, 95, 100),
        "evicted_lately": (0, 0, 3),
        "maxmemory_policy": ("allkeys-lru", "volatile-ttl", "noeviction"),
        "obstacles": tuple(dict.fromkeys(OBSTACLES, truth) for truth in (False, False, True)),
        "oldest_due_unacked_age_seconds": (0.0, 2880.0, 2881.0, 5000.0),
        "workers_without_events": (0, 0, 2),
        "connected_clients": (0, 1, 50),
    },
    QueueFacts: {
        "length": (0, 5, 19, 20, 100, 101),
        "oldest_age_seconds": (0.0, 60.0, 61.5, 900.0, 901.0),
        "workers": (0, 1, 2),
        "processes": (0, 4, 8),
        "verdict": (*VERDICTS, "growing", "growing", "growing"),
        "drain_seconds": (600.0, 601.0, float("inf")),
        "arrival_rate": (0.0, 0.5, 3.25),
        "dispatch_rate": (0.0, 0.5, 3.5),
    },
    WorkerFacts: {"state": WORKER_STATES, "active": (0, 1, 4), "load1": (0.0, 0.5, 17.25)},
    TaskFacts: {
        "recently_failed": (0, 5, 6, 20),
        "recently_finished": (20, 24, 40),
        "stuck": (0, 0, 1),
        "longest_running_seconds": (0.0, 59.5, 3601.0),
    },
    ScheduleFacts: {"missed": (False, False, True)},
    LogFacts: {"silence_seconds": (0.0, 60.0, 61.0)},
    ChannelFacts: {"refused": (0, 0, 1), "failing_seconds": (0.0, 900.0, 901.0)},
}
"""What each fact that is read or heard may be, on both sides of every bound."""

_ALWAYS: dict[type, dict[str, Any]] = {
    BrokerFacts: {"memory_max_bytes": 100, "visibility_timeout_seconds": 3600.0},
    QueueFacts: {
        "max_age_seconds": 900.0,
        "max_length": 100,
        "expected_workers": 1,
        "target_drain_seconds": 600.0,
    },
    WorkerFacts: {},
    TaskFacts: {"max_runtime_seconds": 60.0, "runtime": _NOTHING, "wait": _NOTHING},
    ScheduleFacts: {},
    LogFacts: {"max_silence_seconds": 60.0},
    ChannelFacts: {},
}


@dataclass
class _Object:
    """Something that is there, and changes now and then."""

    kind: type
    names: dict[str, str]
    changes: float
    there: bool = True
    facts: dict[str, Any] = field(default_factory=dict)

    def step(self, random: Random) -> None:
        for name, values in _VALUES[self.kind].items():
            if name not in self.facts or random.random() < self.changes:
                self.facts[name] = random.choice(values)

    def frozen(self, known: bool, **facts: Any) -> Any:
        read = self.facts if known else {}
        return self.kind(**self.names, **_ALWAYS[self.kind], **read, **facts)


_NAMES: tuple[tuple[type, dict[str, str]], ...] = (
    (QueueFacts, {"queue_name": "high"}),
    (QueueFacts, {"queue_name": 'l"\\w'}),
    (WorkerFacts, {"hostname": "a@x"}),
    (WorkerFacts, {"hostname": "b@x"}),
    (TaskFacts, {"name": "app.add", "queue_name": "high"}),
    (ScheduleFacts, {"schedule": "daily"}),
)


class _Installation:
    """One broker and all that is on it."""

    def __init__(self, broker: str, random: Random, objects_go: bool) -> None:
        self._random = random
        self._objects_go = objects_go
        self._fails = random.choice((0.0, 0.1))
        self._broker = _Object(BrokerFacts, {"broker": broker}, random.choice(_CHANGES))
        self._objects = [
            _Object(kind, {"broker": broker, **names}, random.choice(_CHANGES))
            for kind, names in _NAMES
        ]
        self._up = self._heard = True
        self._crashes = 0

    def step(self) -> tuple[BrokerFacts, list[Any]]:
        random = self._random
        self._up = random.random() > (self._fails if self._up else 0.3)
        self._heard = self._up and random.random() > (self._fails / 2 if self._heard else 0.3)
        self._broker.step(random)
        if random.random() < self._broker.changes:
            self._crashes = random.choice((0, 2, 3))
        broker = self._broker.frozen(
            self._up, up=self._up, events_connected=self._heard, settled=True
        )
        return broker, [found for each in self._objects if (found := self._seen(each))]

    def _seen(self, thing: _Object) -> Any:
        thing.step(self._random)
        known = self._up if thing.kind is QueueFacts else self._heard
        if self._objects_go and known and self._random.random() < 0.04:
            # While nobody looks, nothing is found to be gone.
            thing.there = not thing.there
        if not thing.there:
            return None
        if thing.kind is WorkerFacts:
            return thing.frozen(known, recent_crashes=self._crashes)
        return thing.frozen(known)


def timeline(random: Random, objects_go: bool) -> Iterator[Snapshot]:
    """Yield a snapshot for each step."""
    log = _Object(LogFacts, {"log": "app"}, random.choice(_CHANGES))
    channel = _Object(ChannelFacts, {"channel": "slack"}, random.choice(_CHANGES))
    installations = [_Installation(name, random, objects_go) for name in ("one", "two")]
    for step in range(STEPS):
        parts = [installation.step() for installation in installations]
        log.step(random)
        channel.step(random)
        found = [thing for _, things in parts for thing in things]

        def of(kind: type, found: list[Any] = found) -> tuple[Any, ...]:
            return tuple(thing for thing in found if isinstance(thing, kind))

        yield Snapshot(
            at=float(step * INTERVAL_SECONDS),
            brokers=tuple(broker for broker, _ in parts),
            queues=of(QueueFacts),
            workers=of(WorkerFacts),
            tasks=of(TaskFacts),
            schedules=of(ScheduleFacts),
            logs=(log.frozen(known=True),),
            channels=(channel.frozen(known=True),),
            monitor=MonitorFacts(version="0"),
        )


def firing(rules: tuple[Rule, ...], snapshots: list[Snapshot]) -> list[set[tuple[Any, ...]]]:
    """Return the labels of the alerts that the engine has firing, at each step."""
    engine = Engine(rules)
    steps = []
    for snapshot in snapshots:
        engine.evaluate(snapshot, snapshot.at)
        steps.append({alert.labels for alert in engine.alerts if alert.state == "firing"})
        engine.forget_resolved(())
    return steps

from typing import Any

import pytest
from msgspec.structs import replace

from monitor.checks.judge import judge
from monitor.checks.known import Known
from monitor.checks.question import QuestionError, UnknownNameError, question, to_query
from monitor.checks.result import CRITICAL, OK, UNKNOWN, WARNING, Result
from monitor.facts.scopes import WORKER_STATES
from monitor.facts.snapshot import Snapshot, WorkerFacts
from tests.unit.web.example import ALERTS, BROKER, HIGH, NORMAL, NOW, SNAPSHOT, blind

RULES = frozenset(alert.alertname for alert in ALERTS)


def known(snapshot: Snapshot | None = SNAPSHOT, **changes: Any) -> Known:
    base = Known(
        snapshot=snapshot, alerts=ALERTS, alertnames=RULES, now=NOW, poll_interval_seconds=5.0
    )
    return replace(base, **changes)


def check(kind: str, *names: str, to: Known | None = None, **asked: Any) -> Result:
    return judge(question(kind, names, **asked), to or known())


@pytest.mark.parametrize(
    ("kind", "names", "asked", "level", "text"),
    [
        ("queues", ["high"], {}, CRITICAL, "high: high: 1,243 waiting and no live worker"),
        ("queues", ["normal"], {}, OK, "normal: length 12, oldest_age 4.2s, workers 2"),
        ("queues", ["normal"], {"warning": "10"}, WARNING, "normal: length 12 (outside 10)"),
        ("queues", ["normal"], {"warning": "12"}, OK, "normal: length 12"),
        ("queues", ["normal"], {"warning": "5", "critical": "10"}, CRITICAL, "(outside 10)"),
        ("queues", ["normal"], {"critical": "@10:20"}, CRITICAL, "length 12 (inside @10:20)"),
        # Ranges are the whole judgement: the queue is abandoned, but that was not asked.
        ("queues", ["high"], {"critical": "2000"}, OK, "high: length 1243"),
        ("queues", ["nor*"], {"critical": "2000"}, OK, "normal: length 12"),
        (
            "queues",
            ["high"],
            {"critical": "120", "fact": "oldest_age"},
            CRITICAL,
            "oldest_age 3m 4s (outside 120)",
        ),
        ("queues", ["high"], {"warning": "0", "fact": "drain"}, WARNING, "drain never"),
        ("queues", ["normal"], {"warning": "0", "fact": "drain"}, UNKNOWN, "drain is not known"),
        (
            "queues",
            ["normal"],
            {"warning": "@1:1", "fact": "oldest_age_exact"},
            WARNING,
            "oldest_age_exact 1",
        ),
        ("workers", ["high@web1"], {}, CRITICAL, "high@web1: dead, silent for 14s"),
        ("broker", [], {}, OK, "default: memory_used 45.8 MiB"),
        ("broker", ["default"], {"warning": "10", "fact": "last_poll"}, OK, "last_poll 2s ago"),
        ("broker", ["default"], {"warning": "1", "fact": "last_poll"}, WARNING, "last_poll 2s ago"),
        ("logs", ["tasks"], {}, OK, "tasks: silence 4s, matches_per_minute 18"),
        ("logs", [], {"critical": "3"}, CRITICAL, "tasks: silence 4s (outside 3)"),
        ("logs", [], {"warning": "20:", "fact": "matches_per_minute"}, WARNING, "(outside 20:)"),
        ("alerts", [], {}, CRITICAL, "high: 1,243 waiting and no live worker"),
        ("alerts", ["WorkerDead"], {}, WARNING, "high@web1 is dead"),
        ("alerts", ["Worker*"], {"critical": "0"}, CRITICAL, "high@web1 is dead"),
        ("alerts", ["Worker*"], {"critical": "1"}, OK, ""),
        ("alerts", ["BrokerDown"], {}, OK, ""),
    ],
)
def test_the_daemon_judges(
    kind: str, names: list[str], asked: dict[str, str], level: int, text: str
) -> None:
    result = check(kind, *names, **asked)
    assert result.level == level
    assert text in "".join(item.text for item in result.items[:1])


def test_a_muted_alert_calls_nobody() -> None:
    (abandoned,) = (alert for alert in ALERTS if alert.alertname == "QueueAbandoned")
    to = known(muted=frozenset({abandoned.fingerprint}))
    assert check("queues", "high", to=to).level == OK
    assert check("alerts", "QueueAbandoned", to=to).level == OK
    assert check("alerts", "QueueAbandoned", critical="0", to=to).level == OK
    result = check("alerts", to=to)
    assert (result.level, result.note) == (WARNING, "2 firing, 1 of them muted")


def test_many_are_as_bad_as_the_worst_of_them() -> None:
    result = check("queues", warning="10", critical="1000")
    assert [item.level for item in result.items[:2]] == [CRITICAL, WARNING]
    assert result.level == CRITICAL
    assert len(result.items) == len(SNAPSHOT.queues)


@pytest.mark.parametrize("state", [*WORKER_STATES, None])
def test_a_worker_is_judged_by_its_state(state: str | None) -> None:
    snapshot = replace(
        SNAPSHOT, workers=(WorkerFacts(broker="default", hostname="w@1", state=state),)
    )
    levels = {"hung": CRITICAL, "dead": CRITICAL, "unknown": UNKNOWN, None: UNKNOWN}
    assert check("workers", to=known(snapshot)).level == levels.get(state, OK)


def test_who_said_goodbye_is_missed_only_by_who_asked_for_it() -> None:
    gone = WorkerFacts(broker="default", hostname="w@1", state="offline")
    to = known(replace(SNAPSHOT, workers=(gone,)))
    assert check("workers", to=to).level == OK
    assert check("workers", "w@*", to=to).level == OK
    assert check("workers", "w@1", to=to).level == CRITICAL


@pytest.mark.parametrize(
    ("states", "expect", "level"),
    [
        (["online", "busy", "late", "draining"], "4", OK),
        (["online", "dead"], "1", OK),
        (["online", "dead"], "2", CRITICAL),
        (["online", "unknown"], "2", UNKNOWN),
        (["online", None], "2", UNKNOWN),
        (["online", "unknown"], "3", CRITICAL),
        ([], "1", CRITICAL),
        ([], "0", OK),
    ],
)
def test_as_many_workers_as_expected_must_live(
    states: list[str | None], expect: str, level: int
) -> None:
    workers = tuple(
        WorkerFacts(broker="default", hostname=f"w@{n}", state=state)
        for n, state in enumerate(states)
    )
    settled = replace(BROKER, settled=True)
    snapshot = replace(SNAPSHOT, workers=workers, brokers=(settled,))
    result = check("workers", expect=expect, to=known(snapshot))
    assert result.level == level
    assert result.values[0].critical == f"{expect}:"
    unsettled = known(replace(snapshot, brokers=(replace(BROKER, settled=False),)))
    assert check("workers", expect="9", to=unsettled).level == UNKNOWN


@pytest.mark.parametrize(
    ("changes", "kind", "level", "text"),
    [
        ({"snapshot": None}, "queues", UNKNOWN, "the first poll is under way"),
        ({"now": NOW + 14}, "queues", UNKNOWN, "the data are stale: 15s old"),
        ({"now": NOW + 14}, "alerts", UNKNOWN, "the data are stale: 15s old"),
        ({"now": NOW + 13, "alerts": ()}, "queues", UNKNOWN, "default was last read 15s ago"),
        ({"snapshot": blind()}, "broker", CRITICAL, "cannot be polled: connection refused"),
        ({"snapshot": blind(), "alerts": ()}, "queues", UNKNOWN, "cannot be read: connection"),
        # What is known to be bad stays so while the monitor is blind.
        ({"snapshot": blind()}, "queues", CRITICAL, "no live worker"),
        ({"snapshot": replace(SNAPSHOT, tasks=())}, "tasks", UNKNOWN, "no task is known yet"),
        (
            {"snapshot": replace(SNAPSHOT, brokers=(replace(BROKER, obstacles={"disk": True}),))},
            "broker",
            CRITICAL,
            "refuses writes",
        ),
        (
            {"snapshot": replace(SNAPSHOT, brokers=(replace(BROKER, up=None),))},
            "broker",
            UNKNOWN,
            "has not been polled yet",
        ),
    ],
)
def test_blind_or_stale_is_not_fine(
    changes: dict[str, Any], kind: str, level: int, text: str
) -> None:
    result = check(kind, to=known(**changes))
    assert result.level == level
    assert text in result.note + " ".join(item.text for item in result.items)


@pytest.mark.parametrize(
    ("kind", "names", "message"),
    [
        ("queues", ["hgih"], "no queue 'hgih' is known (did you mean 'high'?)"),
        ("queues", ["x*"], "no queue 'x*' is known"),
        ("workers", ["w@9"], "no worker 'w@9' is known"),
        ("alerts", ["QueueAbandonned"], "did you mean 'QueueAbandoned'?"),
    ],
)
def test_an_unknown_name_is_said_to_be_unknown(kind: str, names: list[str], message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        check(kind, *names)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "asked", "message"),
    [
        ("queue", {}, "'queue' cannot be checked"),
        ("queues", {"warning": "x"}, "warning: 'x' is not a range"),
        ("queues", {"critical": ""}, "critical: '' is not a range"),
        ("queues", {"warning": "1", "fact": "lenght"}, "did you mean 'length'?"),
        ("queues", {"warning": "1", "fact": "verdict"}, "verdict is not one number"),
        ("broker", {"warning": "1", "fact": "poll_duration"}, "poll_duration is not one number"),
        ("queues", {"fact": "length"}, "give a range"),
        ("alerts", {"warning": "1", "fact": "length"}, "alerts have no facts"),
        ("queues", {"expect": "1"}, "only workers can be expected"),
        ("workers", {"expect": "-1"}, "not a number of workers"),
        ("workers", {"expect": "one"}, "not a number of workers"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    kind: str, asked: dict[str, str], message: str
) -> None:
    with pytest.raises(QuestionError) as caught:
        check(kind, **asked)
    assert message in str(caught.value)


def test_a_question_is_asked_of_a_daemon_in_the_same_words() -> None:
    asked = question("workers", ["a*", "b"], fact="active", warning="@3", critical="9", expect="2")
    query = to_query(asked)
    names = [value for name, value in query if name == "name"]
    rest = {name: value for name, value in query if name != "name"}
    assert question("workers", names, **rest) == asked


def test_queues_of_several_brokers_are_told_apart() -> None:
    other = replace(BROKER, broker="b")
    snapshot = replace(
        SNAPSHOT, brokers=(BROKER, other), queues=(HIGH, NORMAL, replace(NORMAL, broker="b"))
    )
    result = check("queues", "normal", warning="100", to=known(snapshot))
    assert [item.text.partition(":")[0] for item in result.items] == ["default/normal", "b/normal"]
    assert len(check("queues", "b/*", warning="100", to=known(snapshot)).items) == 1


def test_performance_data_name_the_object_the_unit_and_the_ranges() -> None:
    (item,) = check("queues", "high", fact="oldest_age", warning="60", critical="~:300").items
    values = {value.label: value for value in item.values}
    assert values["high_oldest_age"][1:] == (184.0, "s", "60", "~:300")
    assert values["high_length"][1:] == (1243.0, "", "", "")
    (broker,) = check("broker", fact="evicted_keys", warning="0").items
    assert broker.values[0][:3] == ("default_evicted_keys", 0.0, "c")

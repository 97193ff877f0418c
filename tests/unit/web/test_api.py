import json
import math
from typing import Any

from msgspec.structs import replace

from monitor.facts.catalogue import facts_of
from monitor.facts.scopes import IDENTITY, SCOPES
from monitor.web.api import snapshot_json
from tests.unit.web.example import ALERTS, HIGH, NOW, SNAPSHOT, blind


def document(**changes: Any) -> Any:
    return json.loads(snapshot_json(replace(SNAPSHOT, **changes), ALERTS, {}))


def test_every_object_has_its_labels_and_every_fact_of_its_scope() -> None:
    found = document()
    assert found["at"] == NOW - 1
    for scope in SCOPES:
        assert found[scope], scope
        for thing in found[scope]:
            assert tuple(thing["labels"]) == IDENTITY[scope]
            assert thing["facts"].keys() == facts_of(scope).keys()


def test_facts_stand_as_plain_values_lists_and_histograms() -> None:
    found = document()
    high = found["queue"][2]["facts"]
    assert high["length"] == 1_243
    assert high["oldest_age_exact"] is False
    assert high["priority_length"][1] == {"labels": {"priority": "3"}, "value": 40}
    assert found["worker"][1]["facts"]["state"] == "dead"
    assert found["worker"][1]["facts"]["info"] == {"version": "5.7.0", "pool": "prefork"}
    assert found["task"][0]["facts"]["runtime"]["counts"] == [0, 2, 1, 1, 0, 0]


def test_infinite_is_null_because_json_has_no_word_for_it() -> None:
    found = document(queues=(replace(HIGH, oldest_age_seconds=math.inf),))
    assert found["queue"][0]["facts"]["oldest_age"] is None


def test_what_is_not_known_is_null_and_never_zero() -> None:
    facts = json.loads(snapshot_json(blind(), (), {}))["queue"][0]["facts"]
    assert set(facts.values()) == {None}


def test_alerts_come_with_their_labels_and_times() -> None:
    abandoned = document()["alerts"][2]
    assert abandoned["labels"] == {
        "alertname": "QueueAbandoned",
        "severity": "critical",
        "broker": "default",
        "queue_name": "high",
    }
    assert (abandoned["state"], abandoned["started_at"]) == ("firing", NOW - 60)


def test_a_hostile_name_is_bounded_and_valid_utf8() -> None:
    found = document(queues=(replace(HIGH, queue_name="\udcff" * 9_000),))
    assert len(found["queue"][0]["labels"]["queue_name"].encode()) <= 256

import json

from msgspec.structs import replace

from monitor.top.sight import Sight, sight_of_answer, sight_of_snapshot
from monitor.web.api import snapshot_json
from tests.unit.web.example import ALERTS, DEAD_WORKER, HIGH, NORMAL, SNAPSHOT


def told(**changes) -> Sight:
    snapshot = replace(SNAPSHOT, **changes)
    return sight_of_answer(snapshot_json(snapshot, (), {}))


def test_the_worst_come_first():
    sight = told()
    assert [row.name for row in sight.queues] == ["high", "normal", "low"]
    assert [row.status for row in sight.queues] == ["abandoned", "waiting", "empty"]
    assert [(row.name, row.status) for row in sight.workers] == [
        ("high@web1", "dead"),
        ("normal@web1", "late"),
        ("low@web1", "online"),
    ]


def test_an_alert_puts_its_object_before_all_without():
    alert = replace(
        ALERTS[0],
        state="firing",
        labels=(
            ("alertname", "X"),
            ("broker", "default"),
            ("queue_name", "low"),
            ("severity", "critical"),
        ),
        summary="low is wrong",
    )
    document = json.loads(snapshot_json(SNAPSHOT, (alert,), {}))
    sight = sight_of_answer(json.dumps(document).encode())
    assert sight.alerts == ("low is wrong",)
    assert {row.name for row in sight.queues[:2]} == {"high", "low"}
    assert sight.queues[1].alerts == ("low is wrong",)
    document["alerts"][0]["muted"] = {"silenced_by": ["1"]}
    assert sight_of_answer(json.dumps(document).encode()).alerts == ()


def test_what_is_not_known_is_neither_fine_nor_empty():
    row = told(queues=(replace(HIGH, length=None, verdict=None),)).queues[0]
    assert (row.status, row.length, row.oldest_age, row.rank) == ("unknown", None, None, 2)
    assert told(workers=(replace(DEAD_WORKER, state=None),)).workers[0].status == "unknown"


def test_one_look_at_a_broker_gives_the_same_rows():
    answer, seen = told(), sight_of_snapshot(SNAPSHOT)
    assert [row[:9] for row in seen.queues] == [row[:9] for row in answer.queues]
    assert seen.queues[0].drain == float("inf")
    assert seen.workers == answer.workers


def test_without_a_verdict_a_queue_that_nobody_consumes_is_abandoned():
    seen = sight_of_snapshot(
        replace(
            SNAPSHOT,
            queues=(replace(HIGH, verdict=None), replace(NORMAL, verdict=None, workers=None)),
        )
    )
    assert [row.status for row in seen.queues] == ["abandoned", "waiting"]


def test_json_has_plain_numbers_only():
    text = json.dumps(sight_of_snapshot(SNAPSHOT).plain(), allow_nan=False)
    document = json.loads(text)
    assert document["at"] == SNAPSHOT.at
    assert document["queues"][0]["drain"] is None
    assert document["queues"][0]["length"] == 1_243
    worker = document["workers"][0]
    assert (worker["hostname"], worker["queues"]) == ("high@web1", ["high"])
    assert worker["reason"].startswith("silent for 14s")
    assert document["brokers"] == [{"broker": "default", "up": True, "problem": ""}]

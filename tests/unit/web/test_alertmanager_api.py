from typing import Any

import pytest

from monitor.alerts.muting import Muted
from monitor.values.moments import format_moment
from tests.unit.web.conftest import Client
from tests.unit.web.example import ALERTS, NOW, FixedSource

DEAD, ABANDONED = ALERTS[1], ALERTS[2]


def posted(**changes: Any) -> dict[str, Any]:
    return {
        "matchers": [{"name": "alertname", "value": "Worker.*", "isRegex": True}],
        "startsAt": format_moment(NOW),
        "endsAt": format_moment(NOW + 3600),
        "createdBy": "ann",
        "comment": "deploy",
        **changes,
    }


async def answered(client: Client, path: str, **query: str) -> Any:
    answer = await client.get(f"/api/v2/{path}", params=query)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def names(client: Client, **query: str) -> list[str]:
    return [each["labels"]["alertname"] for each in await answered(client, "alerts", **query)]


async def test_what_fires_is_listed_and_nothing_else(client: Client) -> None:
    assert await names(client) == ["Watchdog", "WorkerDead", "QueueAbandoned"]
    dead = (await answered(client, "alerts"))[1]
    assert dead["labels"] == dict(DEAD.labels)
    assert dead["fingerprint"] == DEAD.fingerprint
    assert dead["annotations"] == {"summary": DEAD.summary}
    assert dead["receivers"] == [{"name": "pager"}]
    assert dead["status"] == {
        "state": "active",
        "silencedBy": [],
        "inhibitedBy": [],
        "mutedBy": [],
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"filter": 'alertname="WorkerDead"'}, ["WorkerDead"]),
        ({"filter": 'alertname!="WorkerDead"'}, ["Watchdog", "QueueAbandoned"]),
        ({"filter": 'alertname=~"Worker.*|Queue.*"'}, ["WorkerDead", "QueueAbandoned"]),
        ({"receiver": "pag.*"}, ["WorkerDead", "QueueAbandoned"]),
        ({"receiver": "log"}, []),
        ({"active": "false"}, ["QueueAbandoned"]),
        ({"silenced": "false"}, ["Watchdog", "WorkerDead"]),
        ({"inhibited": "false"}, ["Watchdog", "WorkerDead", "QueueAbandoned"]),
    ],
)
async def test_alerts_are_chosen_as_by_alertmanager(
    client: Client, source: FixedSource, query: dict[str, str], expected: list[str]
) -> None:
    source.muted = {ABANDONED.fingerprint: Muted(silenced_by=("x",))}
    assert await names(client, **query) == expected


@pytest.mark.parametrize(
    "query", [{"filter": "="}, {"filter": 'a=~"("'}, {"active": "7"}, {"receiver": "("}]
)
async def test_a_query_that_makes_no_sense_is_refused(
    client: Client, query: dict[str, str]
) -> None:
    for path in ("alerts", "alerts/groups"):
        answer = await client.get(f"/api/v2/{path}", params=query)
        assert answer.status == 400
        assert isinstance(await answer.json(), str)


async def test_a_stranger_cannot_have_an_expression_stop_the_loop(client: Client) -> None:
    stranger = {"Host": "monitor.example"}
    for value, status in (("(a+)+$", 400), ("Worker.*", 200), ("WorkerDead|Queue", 200)):
        for query in ({"filter": f'alertname=~"{value}"'}, {"receiver": value}):
            answer = await client.get("/api/v2/alerts", params=query, headers=stranger)
            assert answer.status == status


async def test_a_muted_alert_says_by_what(client: Client, source: FixedSource) -> None:
    source.muted = {DEAD.fingerprint: Muted(("silence",), ("fingerprint",), ("nights",))}
    (dead,) = await answered(client, "alerts", filter='alertname="WorkerDead"')
    assert dead["status"] == {
        "state": "suppressed",
        "silencedBy": ["silence"],
        "inhibitedBy": ["fingerprint"],
        "mutedBy": ["nights"],
    }
    (mine,) = [
        alert
        for alert in (await (await client.get("/api/v1/snapshot")).json())["alerts"]
        if alert["fingerprint"] == DEAD.fingerprint
    ]
    assert mine["muted"]["muted_by"] == ["nights"]
    assert ">silenced</span>" in await (await client.get("/")).text()


async def test_groups_and_receivers_are_those_that_are_told(client: Client) -> None:
    assert await answered(client, "receivers") == [{"name": "pager"}, {"name": "log"}]
    groups = await answered(client, "alerts/groups")
    assert [(group["receiver"], group["labels"]) for group in groups] == [
        ({"name": "pager"}, {"alertname": alert.alertname, "broker": "default"})
        for alert in (ABANDONED, DEAD)
    ]


async def test_posting_alerts_is_refused_with_the_reason(client: Client) -> None:
    answer = await client.post("/api/v2/alerts", json=[])
    assert answer.status == 400
    assert "finds its alerts itself" in await answer.json()


async def test_a_silence_from_its_start_to_its_end(client: Client, source: FixedSource) -> None:
    answer = await client.post("/api/v2/silences", json=posted())
    silence_id = (await answer.json())["silenceID"]
    (listed,) = await answered(client, "silences")
    assert listed == await answered(client, f"silence/{silence_id}")
    assert listed["status"] == {"state": "active"}
    assert listed["matchers"] == [
        {"name": "alertname", "value": "Worker.*", "isRegex": True, "isEqual": True}
    ]
    assert (listed["createdBy"], listed["comment"]) == ("ann", "deploy")
    assert await answered(client, "silences", filter='alertname="Other"') == []
    assert (await client.delete(f"/api/v2/silence/{silence_id}")).status == 200
    assert source.silences[0].state(NOW) == "expired"
    assert (await client.delete(f"/api/v2/silence/{silence_id}")).status == 500


async def test_an_unknown_silence_is_not_found(client: Client) -> None:
    assert (await client.get("/api/v2/silence/x")).status == 404
    assert (await client.delete("/api/v2/silence/x")).status == 404
    assert (await client.post("/api/v2/silences", json=posted(id="x"))).status == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"matchers": []}, "at least one matcher"),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, "not a regular expression"),
        ({"matchers": 7}, "Expected `array`"),
        ({"endsAt": format_moment(NOW - 1)}, "before end time"),
        ({"startsAt": "yesterday"}, "Invalid RFC3339"),
        ({"comment": None}, "Expected `str`"),
    ],
)
async def test_what_is_no_silence_is_refused(
    client: Client, source: FixedSource, changes: dict[str, Any], said: str
) -> None:
    answer = await client.post("/api/v2/silences", json=posted(**changes))
    assert answer.status == 400
    assert said in await answer.json()
    assert source.silences == ()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"7" * 5000, b'{"x":' + b"[" * 5_000])
async def test_what_is_no_json_is_refused(client: Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/api/v2/silences", data=body, headers=headers)
    assert answer.status == 400


async def test_who_may_not_write_changes_nothing(client: Client, source: FixedSource) -> None:
    await client.post("/api/v2/silences", json=posted())
    (before,) = source.silences
    stranger = {"Host": "monitor.example"}
    answer = await client.post("/api/v2/silences", json=posted(), headers=stranger)
    assert (answer.status, await answer.json()) == (
        403,
        "changes are only taken at localhost, 127.0.0.1 or [::1]",
    )
    assert (await client.delete(f"/api/v2/silence/{before.id}", headers=stranger)).status == 403
    answer = await client.post(
        "/api/v2/silences", data="{}", headers={"Content-Type": "text/plain"}
    )
    assert answer.status == 415
    assert source.silences == (before,)


async def test_the_history_is_given_page_by_page(client: Client, source: FixedSource) -> None:
    source.entries = ({"id": 3}, {"id": 2}, {"id": 1})
    answer = await client.get("/api/v1/history?limit=1&before=3")
    assert await answer.json() == {"entries": [{"id": 2}]}
    for query in ("limit=0", "limit=1001", "limit=x", "before=0", "before=99999999999999999999"):
        assert (await client.get(f"/api/v1/history?{query}")).status == 400

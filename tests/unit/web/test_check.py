import fnmatch
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from monitor.checks.result import UNKNOWN, WARNING, from_plain
from monitor.facts.snapshot import WorkerFacts
from tests.unit.web.conftest import Client
from tests.unit.web.example import HIGH, SNAPSHOT, FixedSource, blind


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("queues/normal", 200, "QUEUES OK - normal: length 12"),
        ("queues/normal?warning=10", 429, "QUEUES WARNING - normal: length 12 (outside 10)"),
        ("queues/normal?warning=5&critical=10", 503, "QUEUES CRITICAL - normal: length 12"),
        ("queues/high", 503, "QUEUES CRITICAL - high: high: 1,243 waiting"),
        ("queues?name=nor*&name=low&critical=1000", 200, "QUEUES OK - normal: length 12; low"),
        ("queues", 503, "QUEUES CRITICAL - high"),
        ("queues/nowhere", 404, "QUEUES UNKNOWN - no queue 'nowhere' is known"),
        ("queues/nowhere?unknown=ok", 200, "QUEUES UNKNOWN - no queue 'nowhere' is known"),
        ("queues/normal?warning=x", 400, "QUEUES UNKNOWN - warning: 'x' is not a range"),
        ("queues/normal?warn=10", 400, "QUEUES UNKNOWN - 'warn' is no parameter"),
        ("queues/normal?warning=1&warning=2", 400, "QUEUES UNKNOWN - warning is given twice"),
        ("queues/normal?unknown=fine", 400, "QUEUES UNKNOWN - unknown is one of"),
        ("queues/normal?fact=drain&warning=1", 503, "QUEUES UNKNOWN - normal: drain is not"),
        ("queues/normal?fact=drain&warning=1&unknown=warning", 429, "QUEUES UNKNOWN - normal"),
        ("workers/high@web1", 503, "WORKERS CRITICAL - high@web1: dead"),
        ("broker", 200, "BROKER OK - default: "),
        ("broker/default?fact=connected_clients&warning=5", 429, "BROKER WARNING - default"),
        ("alerts", 503, "ALERTS CRITICAL - high: 1,243 waiting"),
        ("alerts/WorkerHung", 200, "ALERTS OK - 0 firing"),
        ("nothing", 400, "NOTHING UNKNOWN - 'nothing' cannot be checked"),
    ],
)
async def test_a_check_has_a_status_and_one_line(
    client: Client, path: str, status: int, body: str
) -> None:
    answer = await client.get(f"/check/{path}")
    text = await answer.text()
    assert (answer.status, text[: len(body)]) == (status, body)
    assert text.count("\n") == 1
    assert answer.content_type == "text/plain"


async def test_a_probe_of_a_worker_need_not_fail_because_the_monitor_is_blind(
    client: Client, source: FixedSource
) -> None:
    worker = WorkerFacts(broker="default", hostname="w@1", state=None)
    source.snapshot = replace(blind(), workers=(worker,))
    assert (await client.get("/check/workers/w@1")).status == 503
    assert (await client.get("/check/workers/w@1?unknown=ok")).status == 200
    source.snapshot = replace(SNAPSHOT, workers=(replace(worker, state="hung"),))
    assert (await client.get("/check/workers/w@1?unknown=ok")).status == 503


async def test_the_plugin_gets_the_whole_result(client: Client) -> None:
    headers = {"Accept": "application/json"}
    answer = await client.get("/check/queues/normal?warning=10", headers=headers)
    result = from_plain(await answer.json())
    assert (answer.status, result.level, result.items[0].values[0].warning) == (429, WARNING, "10")
    answer = await client.get("/check/queues/nowhere", headers=headers)
    assert (answer.status, from_plain(await answer.json()).level) == (404, UNKNOWN)


HOSTILE = ["a/b", "two words", "<b>", "ü", "a?b#c", "x" * 300, "a\nb", "%41", "[a]*"]


@pytest.mark.parametrize("name", HOSTILE)
async def test_any_name_can_be_asked_for(client: Client, source: FixedSource, name: str) -> None:
    source.snapshot = replace(SNAPSHOT, queues=(replace(HIGH, queue_name=name, length=7),))
    answer = await client.get(f"/check/queues/{quote(name, safe='')}?critical=5")
    text = await answer.text()
    assert (answer.status, text.count("\n")) == (503, 1), text
    assert "length 7 (outside 5)" in text


def kept_globs() -> int:
    # Typeshed leaves out what is private, and there is no other way to see it.
    kept: int = fnmatch._compile_pattern.cache_info().currsize  # type: ignore[attr-defined]
    return kept


async def test_globs_of_whoever_asks_are_not_kept(client: Client) -> None:
    before = kept_globs()
    for kind in ("queues", "alerts"):
        for number in range(5):
            answer = await client.get(f"/check/{kind}", params={"name": f"{number}{'x*' * 2_000}"})
            assert answer.status == 404
    assert kept_globs() == before


async def test_before_the_first_tick_nothing_is_known(client: Client, source: FixedSource) -> None:
    source.snapshot = None
    answer: Any = await client.get("/check/queues")
    assert (answer.status, await answer.text()) == (
        503,
        "QUEUES UNKNOWN - the first poll is under way\n",
    )

import asyncio
import re
import threading
from html import unescape
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from msgspec import json
from msgspec.structs import replace

from monitor.alerts.silences import Silences
from monitor.web import pages
from monitor.web.app import make_app
from monitor.web.page.objects import address
from monitor.web.page.page import render
from monitor.web.page.rendered import Rendered
from tests.unit.web.conftest import Client
from tests.unit.web.example import (
    ALERTS,
    BROKER,
    HIGH,
    LOGS,
    NOW,
    SCHEDULES,
    SILENCE,
    SNAPSHOT,
    TASKS,
    WORKERS,
    FixedSource,
    alert,
)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> FixedSource:
    monkeypatch.setattr(pages, "LEAST_BETWEEN_MESSAGES_SECONDS", 0.0)
    return FixedSource(SNAPSHOT, ALERTS)


async def message(answer: ClientResponse) -> tuple[str, dict[str, object]]:
    """Return the next message of a stream, as the specification reads it."""
    fields: dict[str, str] = {}
    while True:
        line = (await answer.content.readline()).decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "data" in fields:
            return fields["event"], json.decode(fields["data"])


def tick(source: FixedSource, **changes: object) -> None:
    assert source.snapshot is not None
    source.snapshot = replace(source.snapshot, **changes)
    source.tick.set()


async def test_the_stream_sends_what_the_page_shows_and_again_at_every_tick(
    client: Client, source: FixedSource
) -> None:
    async with client.get("/api/v1/stream", params={"view": "overview"}) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        kind, page = await message(answer)
        assert (kind, page["age_seconds"], page["stale_after_seconds"]) == ("page", 2.0, 15.0)
        assert page["title"] == "2 firing: QueueAbandoned, WorkerDead · queue-monitor"
        html = await (await client.get("/")).text()
        assert str(page["html"]) in html
        tick(source, queues=(replace(HIGH, length=77_777),))
        assert "77,777" in str((await message(answer))[1]["html"])


async def test_a_queues_own_view_is_streamed_too(client: Client) -> None:
    parameters = {"view": "queue", "broker": "default", "queue_name": "high"}
    async with client.get("/api/v1/stream", params=parameters) as answer:
        _, page = await message(answer)
        assert page["title"] == "high · queue-monitor"


async def test_who_wants_the_same_shares_one_drawing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, all_have_asked = [], threading.Event()

    def counted(*view: Any) -> Rendered:
        drawn.append(view[1:])
        assert all_have_asked.wait(10)
        return render(*view)

    monkeypatch.setattr(pages, "render", counted)
    own = {"view": "queue", "broker": "default", "queue_name": "high"}
    wanted = [{"view": "overview"}] * 3 + [{"view": "overview", "q": "low"}] + [own] * 2
    answers = [await client.get("/api/v1/stream", params=each) for each in wanted]
    # One who goes leaves it to the others.
    answers.pop(0).close()
    all_have_asked.set()
    titles = [(await message(answer))[1]["title"] for answer in answers]
    assert (
        titles
        == [*["2 firing: QueueAbandoned, WorkerDead · queue-monitor"] * 3]
        + ["high · queue-monitor"] * 2
    )
    assert sorted(kind for kind, _ in drawn) == ["overview", "overview", "queue"]
    for answer in answers:
        answer.close()


@pytest.mark.parametrize("parameters", [{}, {"view": "x"}])
async def test_a_stream_is_of_a_view_that_there_is(
    client: Client, parameters: dict[str, str]
) -> None:
    answer = await client.get("/api/v1/stream", params=parameters)
    assert answer.status == 400
    assert await answer.text() == "view is one of overview, queue, worker\n"


async def test_streams_are_bounded_and_a_place_is_given_back(
    client: Client, monkeypatch: pytest.MonkeyPatch, source: FixedSource
) -> None:
    monkeypatch.setattr(pages, "MAX_STREAMS", 1)
    first = await client.get("/api/v1/stream", params={"view": "overview"})
    await message(first)
    refused = await client.get("/api/v1/stream", params={"view": "overview"})
    assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
    first.close()
    while (again := await client.get("/api/v1/stream", params={"view": "overview"})).status == 503:
        tick(source)
        await asyncio.sleep(0)
    assert again.status == 200
    again.close()


async def test_who_asks_for_the_head_of_a_stream_gets_no_more(client: Client) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"HEAD /api/v1/stream?view=overview HTTP/1.1\r\nHost: x\r\n")
    writer.write(b"Connection: close\r\n\r\n")
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
    assert body == b""


async def test_streams_end_when_the_server_does(source: FixedSource) -> None:
    async with TestServer(make_app(source)) as server:
        client: Client = TestClient(server)
        answer = await client.get("/api/v1/stream", params={"view": "overview"})
        await message(answer)
        async with asyncio.timeout(0.9):  # less than the second that others are given
            await server.close()
        await client.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/queue?broker=default&queue_name=high", 200),
        ("/queue?broker=other&queue_name=high", 404),
        ("/queue", 404),
        ("/worker?broker=default&hostname=high%40web1", 200),
        ("/worker?broker=default&hostname=%3Cscript%3E", 404),
        ("/?q=%00%0a%f0%9f&queues=-1&workers=x&tasks=99999999999999999999", 200),
    ],
)
async def test_own_views_are_found_by_their_labels(client: Client, path: str, status: int) -> None:
    answer = await client.get(path)
    assert answer.status == status
    assert "<script>" not in await answer.text()


@pytest.mark.parametrize("name", ["a/b?c=d#e&f", "x" * 10_000, "caf\udce9", "two\nlines", "\x00"])
async def test_a_link_leads_to_its_object_whatever_its_name(
    client: Client, source: FixedSource, name: str
) -> None:
    source.snapshot = replace(SNAPSHOT, queues=(replace(HIGH, queue_name=name),))
    answer = await client.get("/" + address("queue", ("default", name)))
    assert answer.status == 200


async def table_at(client: Client, path: str, table: str) -> tuple[set[str], str]:
    """Return the keys of the rows of a table, and where its link to the next page leads."""
    html = await (await client.get(path)).text()
    found = re.search(rf'<section id="{table}">.*?</section>', html, re.DOTALL)
    assert found, f"there are no {table} at {path}"
    link = re.search(r'href="([^"#]+)[^"]*" aria-label="Next page', found[0])
    return set(re.findall(r'data-key="([^"]+)"', found[0])), unescape(link[1]) if link else ""


def sixty(thing: Any, field: str) -> tuple[Any, ...]:
    return tuple(replace(thing, **{field: f"n{number:02}"}) for number in range(60))


@pytest.mark.parametrize(
    ("path", "query", "tables"),
    [
        ("/", "q=n", ("alerts", "queues", "workers", "tasks", "schedules", "logs", "brokers")),
        ("/queue", "broker=default&queue_name=n00", ("alerts", "workers", "tasks")),
        ("/silence", "alert=0123456789abcdef", ("silences",)),
    ],
)
async def test_the_link_to_the_next_page_of_a_table_leads_to_its_other_rows(
    client: Client, source: FixedSource, path: str, query: str, tables: tuple[str, ...]
) -> None:
    source.snapshot = replace(
        SNAPSHOT,
        brokers=(BROKER, *sixty(BROKER, "broker")),
        queues=sixty(HIGH, "queue_name"),
        workers=sixty(replace(WORKERS[0], queues=("n00",)), "hostname"),
        tasks=sixty(replace(TASKS[0], queue_name="n00"), "name"),
        schedules=sixty(SCHEDULES[0], "schedule"),
        logs=sixty(LOGS[0], "log"),
    )
    source.alerts = tuple(
        alert(f"Rule{number}", broker="default", queue_name="n00") for number in range(15)
    )
    source.book = Silences(sixty(SILENCE, "id"))
    for table in tables:
        first, link = await table_at(client, f"{path}?{query}", table)
        assert link == f"?{query}&{table}=2"
        second, _ = await table_at(client, f"{path}{link}", table)
        assert second, table
        assert not second & first, table


async def test_the_hour_of_an_object_is_given_as_numbers(
    client: Client, source: FixedSource
) -> None:
    source.last_hour.record(SNAPSHOT)
    parameters = {"scope": "worker", "broker": "default", "hostname": "high@web1"}
    document = await (await client.get("/api/v1/series", params=parameters)).json()
    assert document["labels"] == {"broker": "default", "hostname": "high@web1"}
    assert document["series"]["state"][-2:] == [None, "dead"]
    assert document["series"]["active"][-1] == 2
    assert document["end_at"] - NOW <= document["step_seconds"] == 30
    for wrong, status in (
        ({}, 400),
        ({"scope": "queue", "broker": "default"}, 400),
        ({**parameters, "hostname": "nobody"}, 404),
    ):
        assert (await client.get("/api/v1/series", params=wrong)).status == status

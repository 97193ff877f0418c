import asyncio
import re
from dataclasses import replace as changed
from html import unescape

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from monitor.web.app import make_app
from tests.unit.web.conftest import Client
from tests.unit.web.example import NOW, SNAPSHOT, FixedSource, blind

OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0"}


async def test_metrics_are_text_unless_openmetrics_is_asked_for(client: Client) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# EOF" not in await answer.text()
    answer = await client.get("/metrics", headers=OPENMETRICS)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")


async def test_openmetrics_ends_once_after_the_process_metrics(client: Client) -> None:
    text = await (await client.get("/metrics", headers=OPENMETRICS)).text()
    assert text.count("# EOF\n") == 1
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"celery_queue_length", "process_cpu_seconds", "python_info"} <= names


async def test_metrics_are_compressed_for_who_accepts_it(client: Client) -> None:
    for accepted, encoding in (("gzip", "gzip"), ("gzip;q=0", None), ("identity", None)):
        answer = await client.get("/metrics", headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == encoding
        assert "celery_queue_length{" in await answer.text()


async def test_only_a_scrape_uses_up_the_zero_of_a_new_counter(client: Client) -> None:
    labels = 'broker="default",name="site.mail.send_welcome",queue_name="high"'
    zero = f"celery_task_retried_total{{{labels}}} 0"
    await client.head("/metrics")
    for path in ("/", "/api/v1/snapshot", "/health"):
        await (await client.get(path)).read()
    assert zero in (await (await client.get("/metrics")).text()).splitlines()
    assert zero not in (await (await client.get("/metrics")).text()).splitlines()


async def test_before_the_first_tick_the_process_is_measured_already(
    client: Client, source: FixedSource
) -> None:
    source.snapshot = None
    text = await (await client.get("/metrics")).text()
    assert "process_resident_memory_bytes" in text
    assert "celery_" not in text
    assert (await client.get("/api/v1/snapshot")).status == 503
    assert "Waiting for the first poll" in await (await client.get("/")).text()


@pytest.mark.parametrize(
    ("path", "changes", "status"),
    [
        ("/-/healthy", {}, 200),
        ("/-/healthy", {"ticks": False}, 503),
        ("/-/healthy", {"snapshot": blind()}, 200),
        ("/-/ready", {}, 200),
        ("/-/ready", {"ready": False}, 503),
        ("/-/ready", {"snapshot": blind()}, 200),
        ("/health", {}, 200),
        ("/health", {"at": NOW + 20}, 503),
        ("/health", {"snapshot": blind()}, 503),
        ("/health", {"snapshot": None}, 503),
        ("/health", {"snapshot": replace(SNAPSHOT, brokers=())}, 503),
    ],
)
async def test_probes_answer_for_the_loop_the_start_and_the_brokers_apart(
    source: FixedSource, path: str, changes: dict[str, object], status: int
) -> None:
    app = make_app(changed(source, **changes))  # type: ignore[arg-type]  # fields by name
    async with TestClient(TestServer(app)) as client:
        assert (await client.get(path)).status == status


async def test_health_names_the_broker_and_why(client: Client, source: FixedSource) -> None:
    source.snapshot = blind()
    assert await (await client.get("/health")).json() == {
        "status": "failing",
        "brokers": [
            {
                "broker": "default",
                "ok": False,
                "reason": "last good poll 42s ago: connection refused",
            }
        ],
    }


PATHS = ("/", "/metrics", "/health", "/api/v1/snapshot", "/page.css", "/favicon.svg", "/nowhere")


async def test_every_answer_is_hardened_and_names_no_versions(client: Client) -> None:
    for path in PATHS:
        headers = (await client.get(path)).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"] == "queue-monitor"


async def test_head_answers_like_get_without_a_body(client: Client) -> None:
    for path in PATHS[:-1]:
        answer = await client.head(path)
        assert (answer.status, await answer.read()) == (200, b"")


async def test_other_paths_and_methods_are_refused_shortly(client: Client) -> None:
    assert await _refusal(client, "GET", "/<script>") == (404, "404: Not Found")
    assert await _refusal(client, "GET", "/static/../../etc/passwd") == (404, "404: Not Found")
    assert await _refusal(client, "POST", "/") == (405, "405: Method Not Allowed")
    assert await _refusal(client, "POST", "/-/healthy") == (405, "405: Method Not Allowed")


async def _refusal(client: Client, method: str, path: str) -> tuple[int, str]:
    answer = await client.request(method, path)
    return answer.status, await answer.text()


async def test_the_page_links_only_to_what_is_served(client: Client) -> None:
    html = await (await client.get("/")).text()
    for link in re.findall(r'(?:href|src)="([^"#]+)', html):
        path = unescape(link)
        if not path.startswith("https://"):
            assert (await client.get(f"/{path}")).status == 200, path


async def test_scrapes_at_the_same_time_all_get_everything(client: Client) -> None:
    async def length() -> int:
        return len(await (await client.get("/metrics", headers={"Accept-Encoding": "gzip"})).read())

    await length()
    lengths = await asyncio.gather(*(length() for _ in range(8)))
    assert min(lengths) > 0.9 * max(lengths)


async def test_a_header_without_end_is_refused(source: FixedSource) -> None:
    async with TestServer(make_app(source)) as server, aiohttp.ClientSession() as client:
        answer = await client.get(server.make_url("/"), headers={"X-Long": "x" * 20_000})
        assert answer.status == 400

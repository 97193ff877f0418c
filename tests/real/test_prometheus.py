"""The metrics in the hands of the real Prometheus tools."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from monitor.web.app import make_app
from monitor.web.exposition import Exposition, Format
from monitor.web.server import Server, serve
from tests.promtool import check_metrics
from tests.tools import require_tool
from tests.unit.web.example import ALERTS, HIGH, SNAPSHOT, FixedSource, blind

WAIT_SECONDS = 30


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    hostile = replace(HIGH, queue_name='"a"\\\n' + "\udce9" * 200, length=77)
    source = FixedSource(replace(SNAPSHOT, queues=(*SNAPSHOT.queues, hostile)), ALERTS)
    server = await serve(make_app(source), "127.0.0.1:0")
    yield server
    await server.close()


@pytest.mark.parametrize("snapshot", [SNAPSHOT, blind()], ids=["full", "blind"])
def test_promtool_finds_nothing_to_complain_about(snapshot: Any) -> None:
    assert check_metrics(Exposition(snapshot.at).write(snapshot, Format.TEXT)) == (0, "")


async def test_promtool_accepts_the_whole_of_a_scrape(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/metrics"
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        text = await answer.read()
    assert await asyncio.to_thread(check_metrics, text) == (0, "")


async def test_prometheus_scrapes_it_and_its_target_is_up(server: Server, tmp_path: Path) -> None:
    program = require_tool("prometheus")
    async with prometheus(program, tmp_path, server.port) as ask:
        targets = await ask.until("targets?state=active", _all_scraped)
        (target,) = targets["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
        assert await ask.value('celery_queue_length{queue_name="high"}') == 1_243
        assert await ask.value("sum(celery_queue_length)") == 1_243 + 12 + 77
        assert await ask.value('celery_worker_up{hostname="high@web1"}') == 0
        assert await ask.value("count(celery_worker_state)") == 24
        metadata = await ask.until("metadata?metric=celery_task_runtime", bool)
        assert metadata["celery_task_runtime"][0]["type"] == "histogram"


def _all_scraped(found: dict[str, Any]) -> bool:
    targets = found["activeTargets"]
    return bool(targets) and all(target["health"] != "unknown" for target in targets)


class Ask:
    """Asks a Prometheus server until it knows."""

    def __init__(self, client: aiohttp.ClientSession, base: str) -> None:
        self._client = client
        self._base = base

    async def until(self, path: str, good: Any, **params: str) -> Any:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                async with self._client.get(self._base + path, params=params) as answer:
                    # 503: it listens before it is ready.
                    data = None if answer.status == 503 else (await answer.json())["data"]
                if data is not None and good(data):
                    return data
                await asyncio.sleep(0.1)

    async def value(self, query: str) -> float:
        data = await self.until("query", lambda found: found["result"], query=query)
        ((_, value),) = (series["value"] for series in data["result"])
        return float(value)


@asynccontextmanager
async def prometheus(
    program: str, folder: Path, port: int, how: str = "scheme: http"
) -> AsyncIterator[Ask]:
    """Run a Prometheus that scrapes `port` on loopback five times a second; `how` is a line of
    its settings."""
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 200ms}\n"
        "scrape_configs:\n"
        "- job_name: queue-monitor\n"
        f"  {how}\n"
        f"  static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
    )
    log = folder / "prometheus.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--web.listen-address=127.0.0.1:0",
            stderr=stderr,
        )
    try:
        listening = await _found_in(log, re.compile(r'msg="Listening on" address=(\S+)'), process)
        async with aiohttp.ClientSession() as client:
            yield Ask(client, f"http://{listening}/api/v1/")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _found_in(
    log: Path, pattern: re.Pattern[str], process: asyncio.subprocess.Process
) -> str:
    async with asyncio.timeout(WAIT_SECONDS):
        while not (found := pattern.search(text := await asyncio.to_thread(log.read_text))):
            assert process.returncode is None, text
            await asyncio.sleep(0.05)
    return found[1]

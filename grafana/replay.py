"""A real run to look at afterwards: the demo's faults, scraped by a real Prometheus.

Every panel is asked for what it would have shown, by the tests and by `screens`.
"""

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import redis
import yaml

from grafana.frame import ALL, Dashboard
from grafana.operator import RULES
from monitor.demo.broker import free_port
from monitor.demo.installation import WORKERS, Installation, installed
from monitor.demo.metrics import Metrics
from monitor.demo.waiting import wait_until
from monitor.demo.workspace import Workspace

JOB = "queue-monitor"
FLOODED, KILLED = "high", "low"
FLOOD_ALERT, DEATH_ALERT = "HighQueueBacklog", "WorkerDead"
FLOOD_COUNT = 300
STEP_SECONDS = 1
WINDOW_SECONDS = 10
"""What `$__rate_interval` is here, where a second is between two scrapes."""
PATIENCE_SECONDS = 60.0
CALM_SECONDS = 5.0
MAXMEMORY_BYTES = 256 * 1024 * 1024

_BUILT_IN: Mapping[str, str] = {
    "$__rate_interval": f"{WINDOW_SECONDS}s",
    "$__range": "5m",
    "$job": JOB,
    "$instance": ALL,
}

Series = list[dict[str, Any]]


class ReplayError(Exception):
    """Prometheus does not start, or refuses what it is asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A run that is over, in a Prometheus that still answers."""

    began_at: float
    ended_at: float
    _api: str
    _http: aiohttp.ClientSession

    async def of(self, expr: str, variables: Mapping[str, str]) -> Series:
        """Return the series of an expression over the whole run, as the API gives them.

        Raises ReplayError when Prometheus does not take the expression.
        """
        for name, value in variables.items():
            expr = expr.replace(name, value)
        answer = await self.get(
            "query_range",
            query=expr,
            start=str(self.began_at),
            end=str(self.ended_at),
            step=str(STEP_SECONDS),
        )
        return list(answer["result"])

    async def get(self, path: str, **params: str) -> dict[str, Any]:
        """Return what an end point of Prometheus' API answers. Raises ReplayError."""
        async with self._http.get(f"{self._api}/api/v1/{path}", params=params) as response:
            answer = await response.json()
        if answer["status"] != "success":
            raise ReplayError(f"{params or path}: {answer['error']}")
        return dict(answer["data"])


def chosen(dashboard: Dashboard) -> dict[str, str]:
    """Return what stands for each variable: everything, or the queue that was flooded."""
    return {
        **_BUILT_IN,
        **{f"${each.name}": ALL if each.many else FLOODED for each in dashboard.variables},
    }


def known(series: Series) -> bool:
    """Return whether any of the series has a value that is one."""
    return any(value != "NaN" for each in series for _, value in each["values"])


@asynccontextmanager
async def replayed(say: Callable[[str], None] = lambda _text: None) -> AsyncIterator[Replay]:
    """Run the demo through a flood, a death and both recoveries; from the main thread only.

    Raises ReplayError, BrokerError and DemoError.
    """
    with Workspace() as workspace:
        async with aiohttp.ClientSession() as http:
            port = free_port()
            api = await _prometheus(workspace, port)
            began_at = time.time()
            async with installed(workspace, port, alerting=True) as installation:
                await _faults(installation, say)
                ended_at = time.time()
            yield Replay(began_at, ended_at, api, http)


async def _prometheus(workspace: Workspace, scraped_port: int) -> str:
    """Start a Prometheus with the rules of this folder, and return its address."""
    program = shutil.which("prometheus")
    if program is None:
        raise ReplayError("prometheus is not on PATH")
    config = workspace.folder / "prometheus.yml"
    rules = yaml.safe_load((RULES / "prometheus.yml").read_text())["rule_files"]
    config.write_text(
        yaml.safe_dump(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [str(RULES / name) for name in rules],
                "scrape_configs": [
                    {
                        "job_name": JOB,
                        "static_configs": [{"targets": [f"127.0.0.1:{scraped_port}"]}],
                    }
                ],
            }
        )
    )
    process = workspace.start(
        "prometheus",
        [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={workspace.folder / 'tsdb'}",
            "--web.listen-address=127.0.0.1:0",
        ],
    )
    log = workspace.log_file("prometheus")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := re.search(r'msg="Listening on" address=(\S+)', log.read_text())):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ReplayError(f"prometheus does not start:\n{log.read_text()}")
        await asyncio.sleep(0.1)
    return f"http://{found[1]}"


async def _faults(installation: Installation, say: Callable[[str], None]) -> None:
    with redis.Redis.from_url(installation.broker.url) as client:
        client.config_set("maxmemory", MAXMEMORY_BYTES)
    await wait_until(installation, _all_up, "the workers are not up", PATIENCE_SECONDS)
    await installation.send("poison")
    say(f"flooding {FLOODED} ...")
    await installation.send("pause", "--queue", FLOODED, "--count", str(FLOOD_COUNT))
    say(f"killing {KILLED} ...")
    installation.supervisor.kill(KILLED)
    await wait_until(
        installation, _fires(DEATH_ALERT), f"{DEATH_ALERT} does not fire", PATIENCE_SECONDS
    )
    # What has failed before grows, whoever has read the metrics in between.
    await installation.send("poison", "--count", "5")
    await asyncio.sleep(CALM_SECONDS)
    installation.supervisor.start(KILLED)
    say("waiting until all is well ...")
    await wait_until(installation, _calm, "it does not become calm", PATIENCE_SECONDS)
    # Rates and rules look back, and see the calm only later.
    await asyncio.sleep(WINDOW_SECONDS + CALM_SECONDS)


def _all_up(metrics: Metrics) -> bool:
    return sum(up for _, up in metrics.where("celery_worker_up")) == len(WORKERS)


def _fires(alertname: str) -> Callable[[Metrics], bool]:
    return lambda metrics: bool(
        metrics.value("queue_monitor_alerts", alertname=alertname, state="firing")
    )


def _calm(metrics: Metrics) -> bool:
    waiting = metrics.value("celery_queue_length", queue_name=FLOODED)
    firing = [alert for alert in (FLOOD_ALERT, DEATH_ALERT) if _fires(alert)(metrics)]
    # The traffic goes on.
    return _all_up(metrics) and waiting is not None and waiting < 5 and not firing

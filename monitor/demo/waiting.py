"""What faults and scenarios wait for."""

import socket
import time
from asyncio import sleep
from collections.abc import Callable

import redis

from monitor.demo.installation import TRAFFIC, WORKERS, DemoError, Installation
from monitor.demo.metrics import Metrics

CONDITION_TIMEOUT_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.3


async def wait_until(
    installation: Installation,
    condition: Callable[[Metrics], bool],
    otherwise: str,
    timeout_seconds: float = CONDITION_TIMEOUT_SECONDS,
) -> None:
    """Return when it is so on `/metrics`. Raises DemoError with `otherwise`."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        metrics = await installation.metrics()
        if metrics is not None and condition(metrics):
            return
        if time.monotonic() > deadline:
            raise DemoError(f"{otherwise} after {timeout_seconds:.0f} s")
        await sleep(LOOK_EVERY_SECONDS)


async def workers_seen_since(installation: Installation, at: float, otherwise: str) -> None:
    """Return when each worker is up and gave a sign of life after `at` (Unix seconds)."""

    def all_seen(metrics: Metrics) -> bool:
        seen = {
            labels["hostname"].partition("@")[0]
            for labels, seen_at in metrics.where("celery_worker_last_seen_timestamp_seconds")
            if seen_at > at and metrics.value("celery_worker_up", hostname=labels["hostname"]) == 1
        }
        return seen >= {*WORKERS}

    await wait_until(installation, all_seen, otherwise)


async def consumers_known(installation: Installation) -> None:
    """Return when each worker has answered the monitor's first questions, so that its silence
    to later ones says something."""

    def all_known(metrics: Metrics) -> bool:
        counts = [
            metrics.value("celery_active_process_count", queue_name=queue) for queue in WORKERS
        ]
        return all(counts)

    await wait_until(installation, all_known, "the workers do not answer")


async def drain(installation: Installation) -> None:
    """Stop the traffic and wait until no message is left, neither waiting nor with a worker."""
    await installation.supervisor.stop(TRAFFIC)
    deadline = time.monotonic() + CONDITION_TIMEOUT_SECONDS
    with redis.Redis.from_url(installation.broker.url) as client:
        while any(client.llen(queue) for queue in WORKERS) or client.hlen("unacked"):
            if time.monotonic() > deadline:
                raise DemoError(f"not drained after {CONDITION_TIMEOUT_SECONDS:.0f} s")
            await sleep(LOOK_EVERY_SECONDS)


def hostname(worker: str) -> str:
    """Return the node name of a worker."""
    return f"{worker}@{socket.gethostname()}"

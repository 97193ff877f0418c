"""The scenario `tour`: what the monitor is for, fault by fault, unattended.

It floods a queue, kills a worker, lets another hang and stops the broker, and holds the monitor
to alerting on each, to giving each its all-clear, and to alerting on nothing else.
"""

import socket
import time
from asyncio import gather, sleep
from collections.abc import Callable, Sequence

import redis

from monitor.demo.fault import Fault, Outcome, observe
from monitor.demo.installation import TRAFFIC, WORKERS, DemoError, Installation
from monitor.demo.metrics import Metrics

FLOOD_COUNT = 300
KILLED_WORKER = "low"
HUNG_WORKER = "normal"
CONDITION_TIMEOUT_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.3


async def run(installation: Installation, say: Callable[[str], None]) -> bool:
    """Return whether all went as it must; `say` hears of each step and of the result.

    Raises DemoError when the installation itself does not do what the tour needs.
    """
    say("waiting for the workers ...")
    await _wait_until(installation, _workers_seen_since(0.0), "the workers are not up")
    outcomes = [
        *await _flood_kill_and_hang(installation, say),
        await _stop_broker(installation, say),
    ]
    complaints = [text for outcome in outcomes for text in outcome.missing()]
    complaints += _unexpected(installation, outcomes)
    for line in [*table(outcomes), *(f"NOT AS IT MUST BE: {text}" for text in complaints)]:
        say(line)
    return not complaints


async def _flood_kill_and_hang(
    installation: Installation, say: Callable[[str], None]
) -> Sequence[Outcome]:
    """Do all three side by side: none of them hides another."""
    # A message that a killed worker held comes back after the visibility timeout only.
    await _drain(installation)
    say(f"letting the worker {HUNG_WORKER} hang ...")
    hung_at = time.monotonic()
    installation.supervisor.freeze(HUNG_WORKER)
    installation.supervisor.start(TRAFFIC)
    say(f"flooding the queue high with {FLOOD_COUNT} messages ...")
    flooded_at = time.monotonic()
    await installation.send("pause", "--queue", "high", "--count", str(FLOOD_COUNT))
    return await gather(
        observe(installation, _flood(installation), flooded_at),
        _kill(installation, say),
        observe(installation, _hang(installation), hung_at),
    )


async def _kill(installation: Installation, say: Callable[[str], None]) -> Outcome:
    # Of two that fall silent at once nobody can tell which one is dead.
    await _wait_until(installation, _is_down(HUNG_WORKER), f"{HUNG_WORKER} is not seen to hang")
    say(f"killing the worker {KILLED_WORKER} ...")
    killed_at = time.monotonic()
    installation.supervisor.kill(KILLED_WORKER)
    return await observe(installation, _death(installation), killed_at)


async def _stop_broker(installation: Installation, say: Callable[[str], None]) -> Outcome:
    # Celery 5.7.0 workers that hold unacknowledged messages exit when the broker goes away.
    await _drain(installation)
    say("stopping the broker until that is alerted on ...")
    stopped_at = time.monotonic()
    installation.broker.stop()
    outcome = await observe(installation, _outage(installation), stopped_at)
    say("waiting for the workers to find the broker again ...")
    back = _workers_seen_since(time.time())
    await _wait_until(installation, back, "the workers did not come back")
    installation.supervisor.start(TRAFFIC)
    return outcome


def _flood(installation: Installation) -> Fault:
    async def worked_off() -> None:
        await _wait_until(
            installation,
            lambda metrics: (metrics.value("celery_queue_length", queue_name="high") or 0) < 20,
            "the queue high is not worked off",
        )

    return Fault(
        name="queue high flooded",
        alertname="HighQueueBacklog",
        metric="celery_queue_length",
        object_labels={"queue_name": "high"},
        lasts=lambda length: length > 100,
        over=lambda length: length < 20,
        end=worked_off,
    )


def _death(installation: Installation) -> Fault:
    async def start_again() -> None:
        installation.supervisor.start(KILLED_WORKER)

    return Fault(
        name=f"worker {KILLED_WORKER} killed",
        alertname="WorkerDead",
        metric="celery_worker_up",
        object_labels={"hostname": _hostname(KILLED_WORKER)},
        lasts=lambda up: up == 0,
        over=lambda up: up == 1,
        end=start_again,
    )


def _hang(installation: Installation) -> Fault:
    async def go_on() -> None:
        installation.supervisor.thaw(HUNG_WORKER)

    return Fault(
        name=f"worker {HUNG_WORKER} hung",
        alertname="WorkerHung",
        metric="celery_worker_up",
        object_labels={"hostname": _hostname(HUNG_WORKER)},
        lasts=lambda up: up == 0,
        over=lambda up: up == 1,
        end=go_on,
        alerted_within_seconds=60.0,  # its rule waits for 30 of them
    )


def _outage(installation: Installation) -> Fault:
    async def start_again() -> None:
        installation.broker.start()

    return Fault(
        name="broker stopped",
        alertname="BrokerDown",
        metric="celery_broker_up",
        object_labels={"broker": "demo"},
        lasts=lambda up: up == 0,
        over=lambda up: up == 1,
        end=start_again,
    )


def _hostname(worker: str) -> str:
    return f"{worker}@{socket.gethostname()}"


def _is_down(worker: str) -> Callable[[Metrics], bool]:
    return lambda metrics: metrics.value("celery_worker_up", hostname=_hostname(worker)) == 0


def _workers_seen_since(at: float) -> Callable[[Metrics], bool]:
    """Return the condition that each worker is up and gave a sign of life after `at` (Unix)."""

    def all_seen(metrics: Metrics) -> bool:
        seen = {
            labels["hostname"].partition("@")[0]
            for labels, seen_at in metrics.where("celery_worker_last_seen_timestamp_seconds")
            if seen_at > at and metrics.value("celery_worker_up", hostname=labels["hostname"]) == 1
        }
        return seen >= {*WORKERS}

    return all_seen


async def _wait_until(
    installation: Installation, condition: Callable[[Metrics], bool], otherwise: str
) -> None:
    deadline = time.monotonic() + CONDITION_TIMEOUT_SECONDS
    while True:
        metrics = await installation.metrics()
        if metrics is not None and condition(metrics):
            return
        if time.monotonic() > deadline:
            raise DemoError(f"{otherwise} after {CONDITION_TIMEOUT_SECONDS:.0f} s")
        await sleep(LOOK_EVERY_SECONDS)


async def _drain(installation: Installation) -> None:
    """Stop the traffic and wait until no message is left, neither waiting nor with a worker."""
    await installation.supervisor.stop(TRAFFIC)
    deadline = time.monotonic() + CONDITION_TIMEOUT_SECONDS
    with redis.Redis.from_url(installation.broker.url) as client:
        while any(client.llen(queue) for queue in WORKERS) or client.hlen("unacked"):
            if time.monotonic() > deadline:
                raise DemoError(f"not drained after {CONDITION_TIMEOUT_SECONDS:.0f} s")
            await sleep(LOOK_EVERY_SECONDS)


def _unexpected(installation: Installation, outcomes: Sequence[Outcome]) -> list[str]:
    """Say what was told and should not have been."""
    expected = [outcome.fault.alert_labels.items() for outcome in outcomes]
    return [
        f"{told.alertname} was told as {told.status} and is none of the faults: {told.summary}"
        for told in installation.receiver.told
        if not any(labels <= told.labels.items() for labels in expected)
    ]


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the outcomes as the lines of a table."""
    rows = [
        ("fault", "alert", "to alert", "to all-clear", "on /metrics"),
        *(
            (
                outcome.fault.name,
                outcome.fault.alertname,
                _seconds(outcome.alerted_after_seconds),
                _seconds(outcome.cleared_after_seconds),
                "yes" if outcome.shown and outcome.shown_over else "NO",
            )
            for outcome in outcomes
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"

"""One fault, and what the monitor made of it; used by scenarios."""

import time
from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from monitor.demo.installation import Installation
from monitor.demo.metrics import Metrics
from monitor.demo.receiver import Told

CLEAR_TIMEOUT_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong, the alert that it must raise, and what ends it."""

    name: str
    alertname: str
    metric: str
    """The metric on which it shows ..."""
    object_labels: Mapping[str, str]
    """... for the object that these labels identify; the alert names it too."""
    lasts: Callable[[float], bool]
    """Whether a value of the metric shows the fault."""
    over: Callable[[float], bool]
    """Whether a value of the metric shows that it is over."""
    end: Callable[[], Awaitable[None]]
    """Ends the fault, or waits for its end; called once it was alerted, or should have been."""
    alerted_within_seconds: float = 40.0

    @property
    def alert_labels(self) -> dict[str, str]:
        """The labels that its alert must have, among others."""
        return {"alertname": self.alertname, **self.object_labels}

    def shows_on(self, metrics: Metrics) -> bool:
        """Return whether both the fault and its alert are on `/metrics`."""
        return self._firing_on(metrics) and self._metric_is(self.lasts, metrics)

    def over_on(self, metrics: Metrics) -> bool:
        """Return whether the end of both is on `/metrics`."""
        return not self._firing_on(metrics) and self._metric_is(self.over, metrics)

    def _firing_on(self, metrics: Metrics) -> bool:
        firing = metrics.value("queue_monitor_alerts", alertname=self.alertname, state="firing")
        return bool(firing)

    def _metric_is(self, condition: Callable[[float], bool], metrics: Metrics) -> bool:
        value = metrics.value(self.metric, **self.object_labels)
        return value is not None and condition(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one fault, as a webhook receiver and a reader of `/metrics` saw it."""

    fault: Fault
    alerted_after_seconds: float | None
    """From the fault to the webhook; None: it was not told."""
    cleared_after_seconds: float | None
    """From the end of the fault to the webhook; None: it was not told."""
    shown: bool
    """Whether `/metrics` showed the fault and its alert."""
    shown_over: bool
    """Whether `/metrics` showed the end of both."""

    def missing(self) -> list[str]:
        """Say what should have come and did not."""
        alert = self.fault.alertname
        came = {
            f"{alert} was not told": self.alerted_after_seconds is not None,
            f"{alert} was not on /metrics together with its cause": self.shown,
            f"the end of {alert} was not told": self.cleared_after_seconds is not None,
            f"the end of {alert} and of its cause was not on /metrics": self.shown_over,
        }
        return [f"{self.fault.name}: {what}" for what, did_come in came.items() if not did_come]


async def observe(installation: Installation, fault: Fault, begun_at: float) -> Outcome:
    """Wait for the alert of a fault that began then, end the fault, wait for the all-clear.

    `begun_at` is of the monotonic clock. Each wait is bounded, and without an alert there is
    no all-clear to wait for.
    """

    def told(status: str) -> Callable[[], Told | None]:
        return lambda: installation.receiver.find(status, fault.alert_labels, begun_at)

    alerted_at, shown = await _wait_for(
        installation, fault.shows_on, told("firing"), fault.alerted_within_seconds
    )
    await fault.end()
    ended_at = time.monotonic()
    cleared_at, shown_over = None, False
    if alerted_at is not None:
        cleared_at, shown_over = await _wait_for(
            installation, fault.over_on, told("resolved"), CLEAR_TIMEOUT_SECONDS
        )
    return Outcome(
        fault=fault,
        alerted_after_seconds=None if alerted_at is None else alerted_at - begun_at,
        # The webhook may hear of an end before we have seen it on /metrics.
        cleared_after_seconds=None if cleared_at is None else max(0.0, cleared_at - ended_at),
        shown=shown,
        shown_over=shown_over,
    )


async def _wait_for(
    installation: Installation,
    shown_on: Callable[[Metrics], bool],
    told: Callable[[], Told | None],
    timeout_seconds: float,
) -> tuple[float | None, bool]:
    """Return when it was told, and whether `/metrics` showed it, once both or time is up."""
    deadline = time.monotonic() + timeout_seconds
    shown = False
    while True:
        metrics = await installation.metrics()
        shown = shown or (metrics is not None and shown_on(metrics))
        notice = told()
        if (notice and shown) or time.monotonic() > deadline:
            return notice.arrived_at if notice else None, shown
        await sleep(LOOK_EVERY_SECONDS)

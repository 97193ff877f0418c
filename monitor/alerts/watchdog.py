"""The dead man's switch: an alert that always fires, so that its silence tells of ours.

As Prometheus' Watchdog it has no severity that calls anybody: only channels that ask for `none`
get it, and those of the type `alertmanager`, which ask for everything.
"""

from monitor.alerts.alert import Alert, fingerprint_of

WATCHDOG = "Watchdog"
SEVERITY = "none"

_LABELS = (("alertname", WATCHDOG), ("severity", SEVERITY))


def make_watchdog(now: float) -> Alert:
    """Return the alert, firing since `now`."""
    return Alert(
        labels=_LABELS,
        fingerprint=fingerprint_of(_LABELS),
        state="firing",
        active_at=now,
        started_at=now,
        summary="The monitor runs. This alert always fires: when it ends, the monitor is down.",
    )

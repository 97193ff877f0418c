"""The life of one alert: inactive, pending, firing, resolved. Pure; called by the engine.

Blind means that what is known does not decide the condition (None). A firing alert stays
firing through it, a pending one is dropped and so starts its `for` anew, nothing begins.
"""

from msgspec.structs import replace

from monitor.alerts.alert import Alert, fingerprint_of
from monitor.alerts.rules import Key, Rule


def begin(rule: Rule, key: Key, now: float) -> Alert:
    """Return the alert of `rule` on the object of `key`, whose condition holds since `now`."""
    labels = rule.labels(key)
    alert = Alert(
        labels=labels,
        fingerprint=fingerprint_of(labels),
        state="pending",
        active_at=now,
        runbook=rule.runbook,
    )
    return step(alert, rule, True, now) or alert


def step(
    alert: Alert, rule: Rule, holds: bool | None, now: float, reason: str = ""
) -> Alert | None:
    """Return what becomes of a pending or firing `alert` at `now`; None: it never fired.

    `holds` is the condition that keeps it up (`when` for a pending one, `Rule.still_holds`
    for a firing one); None is blind; `reason` is why, should it end, where that is more than
    that it does not hold. Returns `alert` itself if nothing changed.
    """
    if alert.state == "pending":
        if not holds:
            return None
        if now - alert.active_at < rule.for_seconds:
            return alert
        return replace(alert, state="firing", started_at=now)
    if holds is False:
        return _cleared(alert, rule, now, reason)
    # A blind spell ends `keep_firing_for` too: the condition may have held in it.
    return alert if alert.cleared_at is None else replace(alert, cleared_at=None)


def _cleared(alert: Alert, rule: Rule, now: float, reason: str) -> Alert:
    since = now if alert.cleared_at is None else alert.cleared_at
    if now - since >= rule.keep_firing_for_seconds:
        return resolve(alert, now, reason)
    return alert if alert.cleared_at is not None else replace(alert, cleared_at=now)


def resolve(alert: Alert, now: float, reason: str = "") -> Alert:
    """Return the firing `alert` as ended at `now`; `reason` in words where it needs one."""
    return replace(
        alert, state="resolved", resolved_at=now, resolved_reason=reason, cleared_at=None
    )

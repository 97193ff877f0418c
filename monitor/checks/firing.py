"""`check alerts`: judges by the alerts that fire. Called by `judge.py`."""

from monitor.alerts.alert import Alert
from monitor.checks.known import Known
from monitor.checks.question import Question, UnknownNameError
from monitor.checks.result import CRITICAL, OK, WARNING, Item, Result, Value
from monitor.values.globs import glob_of
from monitor.values.suggestion import did_you_mean

_LEVEL_OF = {"critical": CRITICAL, "warning": WARNING, "info": OK}


def level_of(alert: Alert, known: Known) -> int:
    """Return what a firing alert makes of a check: nothing while it is muted."""
    return OK if alert.fingerprint in known.muted else _LEVEL_OF[alert.severity]


def judge_alerts(asked: Question, known: Known) -> Result:
    """Judge the alerts that fire, by their severity or by how many there are."""
    globs = [glob_of(name) for name in asked.names]
    for name, glob in zip(asked.names, globs, strict=True):
        if not any(map(glob.match, known.alertnames)):
            hint = did_you_mean(name, sorted(known.alertnames))
            raise UnknownNameError(f"no rule {name!r} is known{hint}")
    firing = [
        alert
        for alert in known.alerts
        if alert.state == "firing"
        and (not globs or any(glob.match(alert.alertname) for glob in globs))
    ]
    counts = {
        severity: sum(alert.severity == severity for alert in firing) for severity in _LEVEL_OF
    }
    values = [Value(severity, count) for severity, count in counts.items()]
    items = [Item(level_of(alert, known), alert.summary) for alert in firing]
    muted = sum(alert.fingerprint in known.muted for alert in firing)
    note = f"{len(firing)} firing" + (f", {muted} of them muted" if muted else "")
    if not asked.bounded:
        return Result.of(
            asked.kind, items, values=tuple(values), note="" if items and not muted else note
        )
    counted = len(firing) - muted
    level, _ = asked.judged(counted)
    bounds = [bound.text if bound else "" for bound in (asked.warning, asked.critical)]
    values.insert(0, Value("firing", counted, "", *bounds))
    judged = [Item(level, item.text) for item in items]
    return Result(asked.kind, level, tuple(judged), note, tuple(values))

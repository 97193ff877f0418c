"""`check alerts`: judges by the alerts that fire. Called by `judge.py`."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from monitor.alerts.operations import did_you_mean
from monitor.checks.known import Known
from monitor.checks.question import Question, UnknownNameError
from monitor.checks.result import CRITICAL, OK, WARNING, Item, Result, Value

LEVEL_OF = {"critical": CRITICAL, "warning": WARNING, "info": OK}
"""What a firing alert of a severity makes of a check."""


def judge_alerts(asked: Question, known: Known) -> Result:
    """Judge the alerts that fire, by their severity or by how many there are."""
    for name in asked.names:
        if not any(fnmatchcase(each, name) for each in known.alertnames):
            hint = did_you_mean(name, sorted(known.alertnames))
            raise UnknownNameError(f"no rule {name!r} is known{hint}")
    firing = [
        alert
        for alert in known.alerts
        if alert.state == "firing" and (not asked.names or _matches(alert.alertname, asked.names))
    ]
    counts = {
        severity: sum(alert.severity == severity for alert in firing) for severity in LEVEL_OF
    }
    values = [Value(severity, count) for severity, count in counts.items()]
    items = [Item(LEVEL_OF[alert.severity], alert.summary) for alert in firing]
    note = f"{len(firing)} firing"
    if not asked.bounded:
        return Result.of(asked.kind, items, values=tuple(values), note="" if firing else note)
    level = OK
    if asked.critical is not None and asked.critical.alerts(len(firing)):
        level = CRITICAL
    elif asked.warning is not None and asked.warning.alerts(len(firing)):
        level = WARNING
    bounds = [bound.text if bound else "" for bound in (asked.warning, asked.critical)]
    values.insert(0, Value("firing", len(firing), "", *bounds))
    judged = [Item(level, item.text) for item in items]
    return Result(asked.kind, level, tuple(judged), note, tuple(values))


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)

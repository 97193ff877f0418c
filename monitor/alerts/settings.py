"""What to alert on, and how alerts are grouped and repeated. Words as in Alertmanager."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from monitor.values.units import Seconds

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """One alerting rule as it is written. A trailing underscore is not part of the key."""

    alert: str
    on: Literal["broker", "queue", "worker", "task"]
    when: str
    where: Mapping[str, str] = field(default_factory=dict)
    """Globs on the identifying labels of the object."""
    until: str | None = None
    """Hysteresis: while firing, this ends it; left out: until `when` no longer holds."""
    for_: Seconds = 0.0
    keep_firing_for: Seconds = 0.0
    severity: Severity = "warning"
    summary: str = ""
    runbook: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """The section `alerts`."""

    builtin: bool = True
    rules: tuple[RuleSettings, ...] = ()
    group_by: tuple[str, ...] = ("alertname", "broker")
    group_wait: Seconds = 3.0
    group_interval: Seconds = 30.0
    repeat_interval: Seconds = 14_400.0

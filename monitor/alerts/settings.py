"""What to alert on, and how alerts are grouped and repeated. Words as in Alertmanager."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from monitor.alerts.inhibition import InhibitRuleSettings
from monitor.alerts.mute import MuteSettings
from monitor.values.units import Seconds

Severity = Literal["critical", "warning", "info"]
RuleScope = Literal["broker", "queue", "worker", "task", "schedule", "log", "channel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """One alerting rule as it is written. A trailing underscore is not part of the key."""

    alert: str
    """The alert's name. That of a built-in rule replaces it."""
    on: RuleScope
    """What the rule is about: it is asked for every object of this kind."""
    when: str
    """The condition, over the facts of the object."""
    where: Mapping[str, str] = field(default_factory=dict)
    """Globs on the identifying labels of the object."""
    until: str | None = None
    """Hysteresis: while firing, this ends it; left out: until `when` no longer holds."""
    for_: Seconds = 0.0
    """How long the condition must hold before the alert fires."""
    keep_firing_for: Seconds = 0.0
    """How long the condition must be over before the alert resolves."""
    severity: Severity = "warning"
    """How bad it is; a label of the alert. What is `info` is shown, and only
    sent to channels that ask for it."""
    summary: str = ""
    """The line that people read; `{name}` stands for a label or fact of the object."""
    cause: str = ""
    """The likely cause, in words; `{name}` as in the summary."""
    command: str = ""
    """The first command to type, for a shell; what `{name}` stands for is quoted for it."""
    runbook: str = ""
    """A link to what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """The section `alerts`."""

    builtin: bool = True
    """Whether the built-in rules hold."""
    rules: tuple[RuleSettings, ...] = ()
    """Own rules."""
    group_by: tuple[str, ...] = ("alertname", "broker")
    """Alerts with equal values of these labels are told together; `...` stands for all labels."""
    group_wait: Seconds = 3.0
    """How long a new group waits for more alerts before it is told."""
    group_interval: Seconds = 30.0
    """How long after a notice the next change of its group is told."""
    repeat_interval: Seconds = 14_400.0
    """How long after a notice it is told again while alerts fire."""
    inhibit_rules: tuple[InhibitRuleSettings, ...] = ()
    """Own rules of inhibition: alerts that mute others while they fire."""
    mute: tuple[MuteSettings, ...] = ()
    """Times at which alerts are shown and not sent."""

"""An alert, and a notice of several: what the engine decides and channels tell."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Literal

from msgspec import Struct

State = Literal["pending", "firing", "resolved"]


class Alert(Struct, frozen=True, kw_only=True):
    """One rule holding for one object, from its start to its end.

    `labels` are sorted and include `alertname` and `severity`. The same labels give the same
    fingerprint in every daemon, which is what receivers deduplicate by; `started_at` tells one
    incarnation of an alert from the next.
    """

    labels: tuple[tuple[str, str], ...]
    fingerprint: str
    state: State
    active_at: float
    """Since when the condition holds without a break; a blind spell starts it anew."""
    started_at: float | None = None
    """When it began to fire; None while pending."""
    resolved_at: float | None = None
    resolved_reason: str = ""
    """Why it ended, in words, where that is more than "the condition no longer holds"."""
    ended_muted: bool = False
    """It ended while it was muted: whoever was not told that it fired is not told at all."""
    cleared_at: float | None = None
    """While firing: since when the condition is false and `keep_firing_for` runs."""
    summary: str = ""
    cause: str = ""
    """The likely cause, in words; empty where the rule names none."""
    command: str = ""
    """The first command to type, ready for a shell; empty where the rule names none."""
    runbook: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    """The facts that its expression names, as a person reads them."""
    before: tuple[tuple[str, str], ...] = ()
    """The same facts just before the condition began to hold; empty where nobody knows."""

    @property
    def alertname(self) -> str:
        """The rule's name."""
        return dict(self.labels)["alertname"]

    @property
    def severity(self) -> str:
        """`critical`, `warning` or `info`; `none` of the watchdog."""
        return dict(self.labels)["severity"]

    @property
    def began_at(self) -> float:
        """When it began to fire; while pending, since when the condition holds."""
        return self.active_at if self.started_at is None else self.started_at

    @property
    def incarnation(self) -> tuple[str, float]:
        """What tells this firing from an earlier one of the same alert."""
        return (self.fingerprint, self.started_at or 0.0)


def fingerprint_of(labels: tuple[tuple[str, str], ...]) -> str:
    """Return what identifies an alert with these sorted labels in every daemon."""
    text = "\0".join(part for label in labels for part in label)
    return sha256(text.encode()).hexdigest()[:16]


Words = frozenset[tuple[tuple[str, float], State]]
"""What is said of alerts: the state of each incarnation."""


def words_of(alerts: Iterable[Alert]) -> Words:
    """Return what `alerts` say but for their figures, which may change at every poll."""
    return frozenset((alert.incarnation, alert.state) for alert in alerts)


class Notice(Struct, frozen=True, kw_only=True):
    """What one channel is to tell about one group of alerts at one moment."""

    channel: str
    group_key: str
    """Stable over restarts and over daemons: the deduplication key."""
    group_labels: tuple[tuple[str, str], ...]
    firing: tuple[Alert, ...]
    resolved: tuple[Alert, ...]
    made_at: float
    only: frozenset[str] = frozenset()
    """Those of the channel's receivers that it is for, because the others have it; empty: all."""
    resend: bool = False
    """Whether it only says the same anew, lest the receiver forget it; nobody is shown that."""

    @property
    def words(self) -> Words:
        """What it says."""
        return words_of((*self.firing, *self.resolved))

    @property
    def status(self) -> Literal["firing", "resolved"]:
        """`firing` while any alert of the group fires."""
        return "firing" if self.firing else "resolved"

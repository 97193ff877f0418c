"""Silences: alerts that nobody is to be told of for a while, by their labels. Pure.

The meaning is Alertmanager's. `desk.py` owns one `Silences`, `alerting.py` changes it for the API
and the page, the state file keeps it.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from monitor.alerts.matchers import Matcher, match_all

SilenceState = Literal["pending", "active", "expired"]

KEPT_SECONDS = 5 * 86_400.0
"""How long an expired silence can still be looked up; Alertmanager's default."""

MAX_SILENCES = 10_000


class SilenceError(ValueError):
    """A silence that cannot be had; the message says why."""


class UnknownSilenceError(LookupError):
    """No silence has this id."""


class Silence(Struct, frozen=True, kw_only=True):
    """One silence; all times in Unix seconds."""

    id: str
    matchers: tuple[Matcher, ...]
    """An alert is silenced when it meets all of them."""
    starts_at: float
    ends_at: float
    updated_at: float
    created_by: str
    comment: str

    def state(self, now: float) -> SilenceState:
        """Return whether it holds at `now`, not yet, or no longer."""
        if now >= self.ends_at:
            return "expired"
        return "active" if now >= self.starts_at else "pending"


class Silences:
    """All silences that are known, by their ids. `saved` are those of an earlier run."""

    def __init__(self, saved: Iterable[Silence] = ()) -> None:
        self._by_id = {silence.id: silence for silence in saved}

    @property
    def all(self) -> tuple[Silence, ...]:
        """Every silence, the expired ones that are still kept among them."""
        return tuple(self._by_id.values())

    def get(self, silence_id: str) -> Silence:
        """Return one silence. Raises UnknownSilenceError."""
        try:
            return self._by_id[silence_id]
        except KeyError:
            raise UnknownSilenceError(f"no silence has the id {silence_id}") from None

    def put(self, draft: Silence, now: float, new_id: str) -> Silence:
        """Add `draft`, or change the silence of its id; return what holds now.

        An empty id asks for a new silence, which gets `new_id`. So does a change that would
        rewrite what has held already, such as other matchers: the old silence then expires.
        Raises SilenceError, UnknownSilenceError.
        """
        _check(draft, now)
        before = self.get(draft.id) if draft.id else None
        if before is not None and _may_become(before, draft, now):
            after = replace(draft, updated_at=now)
        else:
            if len(self._by_id) >= MAX_SILENCES:
                raise SilenceError(f"there are {MAX_SILENCES} silences already")
            if before is not None and before.state(now) != "expired":
                self.expire(before.id, now)
            starts_at = max(draft.starts_at, now)
            after = replace(draft, id=new_id, starts_at=starts_at, updated_at=now)
        self._by_id[after.id] = after
        return after

    def expire(self, silence_id: str, now: float) -> None:
        """End a silence at once. Raises SilenceError if it has ended, UnknownSilenceError."""
        silence = self.get(silence_id)
        if silence.state(now) == "expired":
            raise SilenceError(f"silence {silence_id} has expired already")
        self._by_id[silence_id] = replace(
            silence, starts_at=min(silence.starts_at, now), ends_at=now, updated_at=now
        )

    def forget_expired(self, now: float) -> None:
        """Forget the silences that expired long ago."""
        for silence in self.all:
            if now >= silence.ends_at + KEPT_SECONDS:
                del self._by_id[silence.id]

    def active(self, now: float) -> tuple[Silence, ...]:
        """Return the silences that hold at `now`."""
        return tuple(each for each in self._by_id.values() if each.state(now) == "active")


def silenced_by(labels: Mapping[str, str], active: Iterable[Silence]) -> tuple[str, ...]:
    """Return the ids of the `active` silences that an alert with these labels meets."""
    return tuple(silence.id for silence in active if match_all(silence.matchers, labels))


def _check(draft: Silence, now: float) -> None:
    if draft.starts_at >= draft.ends_at:
        raise SilenceError("start time must be before end time")
    if draft.ends_at <= now:
        raise SilenceError("end time can't be in the past")
    if all(matcher.matches({}) for matcher in draft.matchers):
        raise SilenceError("at least one matcher must not match the empty string")


def _may_become(before: Silence, draft: Silence, now: float) -> bool:
    """Return whether `before` can be changed to `draft` without rewriting the past."""
    state = before.state(now)
    if state == "expired" or before.matchers != draft.matchers:
        return False
    return before.starts_at == draft.starts_at if state == "active" else draft.starts_at >= now

"""What has been told to whom, what is on its way, and what failed and is tried again.

`desk.py` asks it for the notices that are due, and reports back what came of each. A notice that
failed is not kept: what is true at the next try is told then.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from random import Random

from msgspec import Struct

from monitor.alerts.alert import Alert, Notice, Words
from monitor.alerts.backoff import backoff_seconds
from monitor.alerts.delivery import (
    Delivery,
    Incarnation,
    after,
    due_at,
    notice_of,
    owed_resolves,
    settled,
)
from monitor.alerts.grouping import Group, groups_of
from monitor.alerts.routing import Route
from monitor.alerts.settings import AlertSettings

REFUSED_RETRY_SECONDS = 900.0
"""Sending the same again would not help, but people mend receivers. Something else is tried
after `group_interval`, as if the notice had arrived: it may have been refused for what it said."""
MAX_RETRY_AFTER_SECONDS = 3600.0
"""A receiver may ask for more patience than that by mistake."""

Slot = tuple[str, str]
"""A channel's name and a group's key; one notice at a time is on its way for each."""

Groups = Mapping[str, dict[str, Group]]
"""Groups by their keys, by the names of the channels."""


class _Retry(Struct, frozen=True, kw_only=True):
    failures: int
    said: Words
    """What the notice said that failed."""
    at: float
    """When to say it again."""
    other_at: float
    """When to say something else."""
    refused: bool


class Outbox:
    """Decides what is due, and owns the deliveries.

    `saved` are the deliveries of an earlier run; `random` spreads the retries.
    """

    def __init__(
        self,
        settings: AlertSettings,
        routes: Iterable[Route],
        random: Random,
        saved: Iterable[Delivery] = (),
    ) -> None:
        self._settings = settings
        self._routes = {route.name: route for route in routes}
        self._random = random
        self._told: dict[Slot, Delivery] = {
            (delivery.channel, delivery.group_key): delivery
            for delivery in saved
            if delivery.channel in self._routes
        }
        self._in_flight: set[Slot] = set()
        self._retries: dict[Slot, _Retry] = {}
        self._quiet_until: dict[str, float] = {}

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """All deliveries, to be saved; those that did not change are the same objects."""
        return tuple(self._told.values())

    def due(
        self, alerts: Iterable[Alert], now: float, muted: Container[str] = ()
    ) -> tuple[Notice, ...]:
        """Return the notices to send now, and count them as on their way.

        Each must be reported by `delivered` or `failed`. `muted` has the fingerprints of the
        firing alerts that nobody is to be told of.
        """
        groups = self.groups(alerts, muted)
        self._settle(groups, now)
        waiting = tuple(self._waiting(groups))
        # What is no longer due takes its failures along: they put off nothing that comes later.
        open_slots = {slot for slot, *_ in waiting} | self._in_flight
        self._retries = {slot: self._retries[slot] for slot in open_slots & self._retries.keys()}
        notices = []
        for slot, group, at in waiting:
            if at <= now:
                self._in_flight.add(slot)
                notices.append(self._notice(slot, group, now))
        return tuple(notices)

    def next_due_at(self, alerts: Iterable[Alert], muted: Container[str] = ()) -> float | None:
        """Return when `due` has something next if nothing changes, in Unix seconds.

        It may be past. None: not before an alert changes or a notice on its way is reported.
        """
        groups = self.groups(alerts, muted)
        return min((at for *_, at in self._waiting(groups)), default=None)

    def groups(self, alerts: Iterable[Alert], muted: Container[str] = ()) -> Groups:
        """Return for each channel the groups of the alerts that it takes."""
        alerts = tuple(alerts)
        return {
            name: groups_of(filter(route.takes, alerts), self._settings.group_by, muted)
            for name, route in self._routes.items()
        }

    def delivered(self, notice: Notice, now: float, missing: frozenset[str] = frozenset()) -> None:
        """Take note that `notice` has arrived, but for the receivers `missing`."""
        slot = (notice.channel, notice.group_key)
        self._in_flight.discard(slot)
        self._told[slot] = after(notice, self._told.get(slot), now, missing)
        if missing:
            self._put_off(slot, notice, now, permanent=False)
        else:
            self._retries.pop(slot, None)

    def failed(
        self,
        notice: Notice,
        now: float,
        *,
        permanent: bool = False,
        retry_after_seconds: float = 0.0,
    ) -> None:
        """Take note that `notice` did not arrive, and when to try again.

        `permanent`: the receiver refused it for good. `retry_after_seconds` is what the
        receiver asked for; the whole channel heeds it.
        """
        slot = (notice.channel, notice.group_key)
        self._in_flight.discard(slot)
        self._put_off(slot, notice, now, permanent=permanent)
        if retry_after_seconds > 0:
            until = now + min(retry_after_seconds, MAX_RETRY_AFTER_SECONDS)
            self._quiet_until[notice.channel] = until

    @property
    def refused(self) -> Mapping[str, int]:
        """Of how many groups the latest notice was refused for good, by channel."""
        return Counter(slot[0] for slot, retry in self._retries.items() if retry.refused)

    def owed(self, alerts: Iterable[Alert]) -> frozenset[Incarnation]:
        """Return the incarnations of the resolved alerts that somebody has yet to be told of."""
        over = (alert for alert in alerts if alert.state == "resolved")
        groups = self.groups(over, ())
        return frozenset(
            alert.incarnation
            for slot, route, group in self._slots(groups)
            for alert in owed_resolves(group, self._told.get(slot), route)
        )

    def _put_off(self, slot: Slot, notice: Notice, now: float, *, permanent: bool) -> None:
        retry = self._retries.get(slot)
        failures = retry.failures + 1 if retry else 1
        patience = REFUSED_RETRY_SECONDS if permanent else backoff_seconds(failures, self._random)
        at = other_at = now + patience
        delivery = self._told.get(slot)
        if delivery is not None and delivery.missing:
            # Who can be reached need not wait for who cannot.
            other_at = now
        elif permanent:
            other_at = min(at, now + self._settings.group_interval)
        self._retries[slot] = _Retry(
            failures=failures, said=notice.words, at=at, other_at=other_at, refused=permanent
        )

    def _slots(self, groups: Groups) -> Iterator[tuple[Slot, Route, Group]]:
        for name, route in self._routes.items():
            for key, group in groups[name].items():
                yield (name, key), route, group

    def _waiting(self, groups: Groups) -> Iterator[tuple[Slot, Group, float]]:
        """Yield the slots that have something to tell, and from when on they may."""
        for slot, route, group in self._slots(groups):
            if slot in self._in_flight:
                continue
            at = due_at(group, self._told.get(slot), route, self._settings)
            if at is None:
                continue
            quiet_until = self._quiet_until.get(slot[0], at)
            yield slot, group, max(at, quiet_until, self._retry_at(slot, group, at))

    def _notice(self, slot: Slot, group: Group, now: float) -> Notice:
        route = self._routes[slot[0]]
        return notice_of(group, self._told.get(slot), route, self._settings, now)

    def _retry_at(self, slot: Slot, group: Group, at: float) -> float:
        """Return when to try again what is due; `at` if nothing failed."""
        retry = self._retries.get(slot)
        if retry is None:
            return at
        notice = self._notice(slot, group, at)
        return retry.at if notice.only or notice.words == retry.said else retry.other_at

    def _settle(self, groups: Groups, now: float) -> None:
        """Forget the deliveries of groups that are over."""
        for slot, told in list(self._told.items()):
            if slot in self._in_flight:
                continue
            kept = settled(
                told, groups[slot[0]].get(slot[1]), self._routes[slot[0]], self._settings, now
            )
            if kept is None:
                del self._told[slot]
            else:
                self._told[slot] = kept

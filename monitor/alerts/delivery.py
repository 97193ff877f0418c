"""The delivery decision: who is to be told what of a group, and from when on. Pure.

A delivery carries the incarnations that a channel was told as firing and as resolved, so that
retry, repeat, restart and resolve are one comparison of what was told with what is true.
Called by `outbox.py`.

- A new group is told `group_wait` after its first alert began to fire.
- News of a told group wait until `group_interval` after its last successful delivery.
- Without news a group that fires is told again after `repeat_interval`.
- A firing that was told gets its resolve, muted or not. An alert that fired and resolved
  before anybody could be told is told once, with both times; not if it was muted at its end.
- Receivers of a channel that a notice did not reach while it reached others are told alone, while
  there is nothing to say to all: of each alert its last word.
- A muted alert is left out. Once it is no longer muted and still fires, it is news to whoever
  was not told of it, and to whoever was sent a notice meanwhile that left it out.
"""

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from monitor.alerts.alert import Alert, Notice
from monitor.alerts.grouping import Group
from monitor.alerts.routing import Route
from monitor.alerts.settings import AlertSettings

Incarnation = tuple[str, float]
"""`Alert.incarnation`."""

MAX_UNTOLD = 10
"""How many untold firings of one alert are kept for a channel that cannot be reached: an
alert that comes and goes for days must not fill the memory."""


class Delivery(Struct, frozen=True, kw_only=True):
    """What one channel has been told of one group."""

    channel: str
    group_key: str
    firing: frozenset[Incarnation] = frozenset()
    """Told as firing, and not yet as resolved."""
    left_out: frozenset[Incarnation] = frozenset()
    """Those of `firing` that the last notice did not list, because they were muted."""
    resolved: frozenset[Incarnation] = frozenset()
    """Told as resolved."""
    delivered_at: float
    """When a notice to all of the channel's receivers last arrived."""
    missing: frozenset[str] = frozenset()
    """Those of the receivers that not every notice reached."""
    missed: frozenset[Incarnation] = frozenset()
    """Those of `firing` and `resolved` that the `missing` are to be told of alone: of each alert
    at most the latest, whose word is the last."""


def owed_resolves(group: Group, told: Delivery | None, route: Route) -> tuple[Alert, ...]:
    """Return the resolved alerts of `group` that any receiver of a channel has to be told of."""
    if not route.send_resolved:
        return ()
    over = begun = frozenset[Incarnation]()
    if told is not None:
        over, begun = told.resolved - told.missed, told.firing | told.missed
    owed = []
    untold: Counter[str] = Counter()
    for alert in reversed(group.resolved):
        if alert.incarnation in over:
            continue
        if alert.incarnation not in begun:
            if alert.ended_muted:
                continue
            untold[alert.fingerprint] += 1
            if untold[alert.fingerprint] > MAX_UNTOLD:
                continue
        owed.append(alert)
    return tuple(reversed(owed))


def due_at(
    group: Group, told: Delivery | None, route: Route, settings: AlertSettings
) -> float | None:
    """Return from when on a channel is to be told of `group`; None: there is nothing to tell."""
    news = _news(group, told, route)
    if told is None:
        return _first_start(news) + settings.group_wait if news else None
    if not news:
        if any(alert.incarnation in told.missed for alert in (*group.firing, *group.resolved)):
            return told.delivered_at
        return told.delivered_at + settings.repeat_interval if group.firing else None
    quiet_until = told.delivered_at + settings.group_interval
    if told.firing - told.left_out:
        return quiet_until
    # With all that was told over, it is a new group, yet not told any more often.
    return max(quiet_until, _first_start(news) + settings.group_wait)


def _news(group: Group, told: Delivery | None, route: Route) -> list[Alert]:
    """Return what none of the channel's receivers has been told."""
    known = frozenset[Incarnation]() if told is None else told.firing - told.left_out
    return [
        *(alert for alert in group.firing if alert.incarnation not in known),
        *_new_resolves(group, told, route),
    ]


def _new_resolves(group: Group, told: Delivery | None, route: Route) -> tuple[Alert, ...]:
    known = frozenset[Incarnation]() if told is None else told.resolved
    owed = owed_resolves(group, told, route)
    return tuple(alert for alert in owed if alert.incarnation not in known)


def _first_start(alerts: list[Alert]) -> float:
    return min(alert.began_at for alert in alerts)


def notice_of(
    group: Group,
    told: Delivery | None,
    route: Route,
    settings: AlertSettings,
    now: float,
) -> Notice:
    """Return what a channel is to be told of `group`: all that fires, and what it is owed."""
    only = frozenset[str]()
    if told is not None and not _news(group, told, route):
        repeated = group.firing and now >= told.delivered_at + settings.repeat_interval
        only = only if repeated else told.missing
    resolves = owed_resolves if only else _new_resolves
    return Notice(
        channel=route.name,
        group_key=group.key,
        group_labels=group.labels,
        firing=tuple(group.firing),
        resolved=resolves(group, told, route),
        made_at=now,
        only=only,
    )


def after(
    notice: Notice, told: Delivery | None, now: float, missing: frozenset[str] = frozenset()
) -> Delivery:
    """Return the delivery once `notice` has arrived, `told` being the one before it.

    It did not reach the receivers `missing`.
    """
    if notice.only and told is not None:
        return replace(told, missing=missing, missed=told.missed if missing else frozenset())
    before = told or Delivery(channel=notice.channel, group_key=notice.group_key, delivered_at=now)
    firing = frozenset(alert.incarnation for alert in notice.firing)
    resolved = frozenset(alert.incarnation for alert in notice.resolved)
    known = before.firing - before.left_out - before.missed
    # A repeat has no news: whom it did not reach is to get all of it.
    news = ((firing - known) | resolved or firing) if missing else frozenset[Incarnation]()
    # No notice to all says the ends again that some missed before.
    missed_ends = before.missed & before.resolved
    latest = dict(sorted(missed_ends | firing | resolved)).items()
    missed_ends &= latest
    firing_before = before.firing - resolved
    return Delivery(
        channel=notice.channel,
        group_key=notice.group_key,
        firing=firing | firing_before,
        left_out=firing_before - firing,
        resolved=resolved | before.resolved,
        delivered_at=now,
        missing=missing | before.missing if missed_ends else missing,
        missed=frozenset((missed_ends | news) & latest),
    )


def settled(
    told: Delivery, group: Group | None, route: Route, settings: AlertSettings, now: float
) -> Delivery | None:
    """Return `told` without what is over for good; None once the whole group is."""
    fires = (*group.firing, *group.muted) if group else ()
    firing = {alert.incarnation for alert in fires}
    resolved = {alert.incarnation for alert in group.resolved} if group else set()
    still = told.firing & (firing | resolved if route.send_resolved else firing)
    missed = told.missed & (still | (told.resolved & resolved))
    kept = replace(
        told,
        firing=still,
        left_out=told.left_out & still,
        resolved=told.resolved & resolved,
        missing=told.missing if missed else frozenset(),
        missed=missed,
        # The clock may have been set back since an earlier run.
        delivered_at=min(told.delivered_at, now),
    )
    over = not kept.firing and not kept.resolved
    if over and now >= kept.delivered_at + settings.group_interval:
        return None
    return told if kept == told else kept

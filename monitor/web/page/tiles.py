"""The row of tiles under the headline: the sums that tell whether to read on."""

from collections import Counter
from collections.abc import Iterable

from monitor.facts.scopes import UP_STATES
from monitor.facts.snapshot import Snapshot
from monitor.web.page.markup import Markup, element, joined
from monitor.web.page.view import View
from monitor.web.page.words import NOTHING, UNKNOWN, age, count, name


def tiles(view: View, snapshot: Snapshot) -> Markup:
    """Return the tiles."""
    muted = f", {len(view.quiet):,} muted" if view.quiet else ""
    up = len(snapshot.brokers) - len(view.blind)
    return element(
        "dl",
        _tile(
            "Firing",
            count(len(view.loud)),
            f"{view.pending:,} pending{muted}",
            view.loud[0].severity if view.loud else None,
        ),
        _tile(
            "Brokers read",
            Markup(f"{up:,} of {len(snapshot.brokers):,}"),
            "",
            "critical" if view.blind else None,
        ),
        _tile("Waiting", _total(q.length for q in snapshot.queues), _in_flight(snapshot), None),
        _oldest(snapshot),
        _workers(snapshot),
        class_="tiles",
    )


def _tile(title: str, value: Markup, detail: str, kind: str | None) -> Markup:
    children = [element("dt", title), element("dd", value)]
    if detail:
        children.append(element("dd", detail, class_="detail"))
    return element("div", *children, class_=kind)


def _total(numbers: Iterable[int | None]) -> Markup:
    """Return a sum, or that it is not known: a part of it would pass for the whole."""
    total = 0
    for number in numbers:
        if number is None:
            return UNKNOWN
        total += number
    return count(total)


def _in_flight(snapshot: Snapshot) -> Markup:
    return joined((_total(b.unacked for b in snapshot.brokers), " in flight"))


def _oldest(snapshot: Snapshot) -> Markup:
    waiting = [q for q in snapshot.queues if q.length != 0]
    if not waiting:
        return _tile("Oldest", NOTHING, "nothing waits", None)
    if any(q.oldest_age_seconds is None for q in waiting):
        return _tile("Oldest", UNKNOWN, "", None)
    oldest = max(waiting, key=lambda q: q.oldest_age_seconds or 0.0)
    value = age(oldest.oldest_age_seconds, oldest.oldest_age_exact)
    return _tile("Oldest", value, name(oldest.queue_name), None)


def _workers(snapshot: Snapshot) -> Markup:
    states = Counter(worker.state for worker in snapshot.workers)
    live = sum(states[state] for state in UP_STATES)
    if states[None]:
        return _tile("Workers live", UNKNOWN, f"{len(snapshot.workers):,} known", None)
    down = ", ".join(f"{states[s]:,} {s}" for s in ("dead", "hung") if states[s])
    return _tile("Workers live", count(live), down, "critical" if down else None)

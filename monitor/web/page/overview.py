"""The first view: is anything wrong, since when, what to do; then everything, worst first."""

from collections.abc import Iterable, Iterator

from monitor.values.units import format_duration
from monitor.web.page.alerts import other_alerts, troubles
from monitor.web.page.brokers import brokers_section
from monitor.web.page.health import deliveries_section, monitor_section
from monitor.web.page.markup import Markup, element
from monitor.web.page.queues import queues_section
from monitor.web.page.rendered import Rendered
from monitor.web.page.schedules import logs_section, schedules_section
from monitor.web.page.tasks import tasks_section
from monitor.web.page.tiles import tiles
from monitor.web.page.view import View
from monitor.web.page.words import moment, visible
from monitor.web.page.workers import workers_section

LISTED = 3


def overview(view: View) -> Rendered:
    """Return the overview."""
    headline, kind = _headline(view)
    verdict = element(
        "div",
        # Only what changes when something happens is read out by a screen reader.
        element("p", headline, class_="headline", role="status"),
        element("p", *_since_when(view), class_="since-when"),
        class_=f"verdict {kind}",
    )
    return Rendered(title=headline, content=(verdict, _notices(view), *_sections(view)))


def _headline(view: View) -> tuple[str, str]:
    """Return what is the matter in one line, and the class that colours it."""
    if view.waiting:
        return "Waiting for the first poll", "blind"
    if view.blind:
        return f"Blind: {_listed(sorted(view.blind))} cannot be read", "critical"
    if view.loud:
        names = _listed(dict.fromkeys(alert.alertname for alert in view.loud))
        return f"{len(view.loud):,} firing: {names}", view.loud[0].severity
    if view.quiet:
        return f"Nothing fires but what is muted: {len(view.quiet):,}", "pending"
    if view.pending:
        return f"Nothing fires, {view.pending:,} pending", "pending"
    return "Nothing is wrong", "good"


def _since_when(view: View) -> Iterator[str]:
    """Yield in words since when it is so."""
    firing = [alert.began_at for alert in view.loud]
    if view.blind:
        reasons = [visible(health.reason) for health in view.health.values() if not health.ok]
        yield "; ".join(reasons[:LISTED])
    elif firing:
        yield f"for {format_duration(max(0.0, view.now - min(firing)))}, since "
        yield moment(min(firing))
    elif not view.waiting:
        ended = [a.resolved_at for a in view.of_state("resolved") if a.resolved_at is not None]
        at = max(ended, default=view.started_at)
        yield f"No alert for {format_duration(max(0.0, view.now - at))}, since "
        yield moment(at)
        yield ", when the last one ended." if ended else ", when the monitor started."


def _listed(texts: Iterable[str]) -> str:
    found = [visible(text) for text in texts]
    more = f" and {len(found) - LISTED:,} more" if len(found) > LISTED else ""
    return ", ".join(found[:LISTED]) + more


def _notices(view: View) -> Markup:
    lines = [element("li", visible(line)) for line in view.notices]
    return element("ul", *lines, class_="notices", role="status") if lines else Markup("")


def _sections(view: View) -> Iterator[Markup]:
    snapshot = view.snapshot
    if snapshot is None:
        return
    yield troubles(view, view.loud)
    yield tiles(view, snapshot)
    yield other_alerts(view, view.alerts)
    yield deliveries_section(view)
    yield _filter(view)
    yield queues_section(view, snapshot)
    yield workers_section(view, snapshot)
    yield tasks_section(view, snapshot)
    yield schedules_section(view, snapshot)
    yield logs_section(view, snapshot)
    yield brokers_section(view, snapshot)
    yield monitor_section(view, snapshot)


def _filter(view: View) -> Markup:
    return element(
        "form",
        element("label", "Filter queues, workers and tasks", for_="filter"),
        element(
            "input",
            id="filter",
            type="search",
            name="q",
            value=view.choice.text,
            placeholder="by name, queue, state or verdict",
            autocomplete="off",
            spellcheck="false",
        ),
        element("button", "Filter", type="submit"),
        action="./#queues",
        method="get",
        role="search",
        class_="filter",
    )

"""The status page: at a glance whether anything is wrong, and how old that knowledge is."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files

from monitor.values.units import format_duration
from monitor.web.page.alerts import alerts_section
from monitor.web.page.markup import Markup, element
from monitor.web.page.ranking import severity_rank
from monitor.web.page.sections import (
    brokers_section,
    queues_section,
    schedules_section,
    tasks_section,
    workers_section,
)
from monitor.web.page.tiles import tiles
from monitor.web.page.view import View
from monitor.web.page.words import visible

REFRESH_SECONDS = 5
LISTED = 3


def asset(name: str) -> bytes:
    """Return a file that the page links to."""
    return files(__package__).joinpath(name).read_bytes()


# In the link, so that a browser does not use the style of the version before.
_STYLE_HASH = sha256(asset("page.css")).hexdigest()[:12]


def page(view: View) -> str:
    """Return the whole HTML document."""
    headline, kind = _headline(view)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="refresh", content=str(REFRESH_SECONDS)),
        element("title", f"{headline} · queue-monitor"),
        element("link", rel="icon", href="favicon.svg", type="image/svg+xml"),
        element("link", rel="stylesheet", href=f"page.css?{_STYLE_HASH}"),
    )
    body = element(
        "body",
        element(
            "header",
            element("img", src="favicon.svg", alt="", width="28", height="28"),
            element("h1", "queue-monitor"),
            _data_age(view),
        ),
        element(
            "main",
            element("p", headline, class_=f"verdict {kind}"),
            _notices(view),
            *_sections(view),
        ),
        _footer(view),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _headline(view: View) -> tuple[str, str]:
    """Return what is the matter in one line, and the class that colours it."""
    firing = sorted(view.of_state("firing"), key=severity_rank)
    pending = sum(1 for _ in view.of_state("pending"))
    if view.waiting:
        return "Waiting for the first poll", "blind"
    if view.blind:
        return f"Blind: {_listed(sorted(view.blind))} cannot be read", "critical"
    if firing:
        names = _listed(dict.fromkeys(alert.alertname for alert in firing))
        return f"{len(firing):,} firing: {names}", firing[0].severity
    if pending:
        return f"Nothing fires, {pending:,} pending", "pending"
    return "Nothing is wrong", "good"


def _listed(texts: Iterable[str]) -> str:
    found = [visible(text) for text in texts]
    more = f" and {len(found) - LISTED:,} more" if len(found) > LISTED else ""
    return ", ".join(found[:LISTED]) + more


def _data_age(view: View) -> Markup:
    """Return how old the oldest of what is shown is."""
    polls = [b.last_poll_at for b in view.snapshot.brokers] if view.snapshot else []
    known = [at for at in polls if at is not None]
    if not known or len(known) < len(polls):
        return element(
            "p", "no data yet" if not known else "part of the data is missing", class_="age stale"
        )
    at = min(known)
    return element(
        "p",
        f"data {format_duration(max(0.0, view.now - at))} old",
        class_="age stale" if view.blind else "age",
        title=datetime.fromtimestamp(at, UTC).isoformat(sep=" ", timespec="seconds"),
    )


def _notices(view: View) -> Markup:
    lines = [element("li", visible(line)) for line in view.notices]
    return element("ul", *lines, class_="notices", role="status") if lines else Markup("")


def _sections(view: View) -> Iterator[Markup]:
    if view.snapshot is None:
        return
    yield tiles(view, view.snapshot)
    yield alerts_section(view)
    for section in (
        brokers_section,
        queues_section,
        workers_section,
        tasks_section,
        schedules_section,
    ):
        yield section(view, view.snapshot)


def _footer(view: View) -> Markup:
    links = (("metrics", "metrics"), ("health", "health"), ("api/v1/snapshot", "snapshot"))
    version = f"queue-monitor {view.snapshot.monitor.version}" if view.snapshot else ""
    return element(
        "footer",
        element("span", version),
        *(element("a", text, href=href) for href, text in links),
        element("span", f"refreshed every {REFRESH_SECONDS} s"),
    )

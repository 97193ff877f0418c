"""The document around a view: head, header with the age of the data, footer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files

from monitor import __version__
from monitor.facts.scopes import IDENTITY
from monitor.values.units import format_duration
from monitor.web.page.markup import Markup, element
from monitor.web.page.objects import object_at
from monitor.web.page.overview import overview
from monitor.web.page.own import missing, queue_view, worker_view
from monitor.web.page.rendered import Rendered
from monitor.web.page.view import View
from monitor.web.page.words import name

REFRESH_SECONDS = 5
VIEWS = ("overview", "queue", "worker")


def asset(name: str) -> bytes:
    """Return a file that the page links to."""
    return files(__package__).joinpath(name).read_bytes()


def _link(name: str) -> str:
    # With its hash, so that a browser does not use the file of the version before.
    return f"{name}?{sha256(asset(name)).hexdigest()[:12]}"


_STYLE, _SCRIPT = _link("page.css"), _link("page.js")


def render(view: View, kind: str, labels: Mapping[str, str]) -> Rendered:
    """Return one of `VIEWS`; `labels` name the queue or worker, as its labels do."""
    if kind == "overview" or view.snapshot is None:
        return overview(view)
    thing = object_at(view.snapshot, kind, labels)
    if thing is None:
        return missing(kind, labels.get(IDENTITY[kind][-1], ""))
    show = queue_view if kind == "queue" else worker_view
    return show(view, view.snapshot, thing)


def page(view: View, rendered: Rendered, kind: str) -> str:
    """Return the whole HTML document."""
    refresh = element("meta", http_equiv="refresh", content=str(REFRESH_SECONDS))
    refreshed = element("span", f"refreshed every {REFRESH_SECONDS} s")
    return document(
        rendered.title,
        element("noscript", refresh),
        element("script", src=_SCRIPT, defer=""),
        age=_data_age(view),
        links=view.links,
        main=element("main", *rendered.content, data_stream=f"api/v1/stream?view={kind}"),
        note=element("noscript", refreshed),
    )


def document(
    title: str,
    *head: Markup,
    main: Markup,
    age: Markup,
    links: Mapping[str, str],
    note: Markup,
) -> str:
    """Return `main` as an HTML document.

    `head` are further elements of its head, and `note` is what its footer ends with.
    """
    html = element(
        "html",
        head_of(title, *head),
        element(
            "body",
            element("a", "Skip to the content", href="#main", class_="skip"),
            element(
                "header",
                element("img", src="favicon.svg", alt="", width="28", height="28"),
                element("h1", element("a", "queue-monitor", href="./")),
                _elsewhere(links),
                age,
            ),
            element("p", id="lost", role="alert", hidden=""),
            element("div", main, id="main", tabindex="-1"),
            _footer(note),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{html}\n"


def head_of(title: str, *further: Markup, root: str = "") -> Markup:
    """Return the head of a document; `root` leads from it to the page, such as `../`."""
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} · queue-monitor"),
        element("link", rel="icon", href=f"{root}favicon.svg", type="image/svg+xml"),
        element("link", rel="stylesheet", href=f"{root}{_STYLE}"),
        *further,
    )


def data_at(view: View) -> float | None:
    """Return when the oldest of what is shown was read; None: some of it never was."""
    polls = [b.last_poll_at for b in view.snapshot.brokers] if view.snapshot else []
    known = [at for at in polls if at is not None]
    return min(known) if known and len(known) == len(polls) else None


def _data_age(view: View) -> Markup:
    at = data_at(view)
    if at is None:
        words = "no data yet" if view.waiting else "part of the data is missing"
        return element("p", words, class_="age stale", id="age")
    return element(
        "p",
        f"data {format_duration(max(0.0, view.now - at))} old",
        class_="age stale" if view.blind else "age",
        id="age",
        title=datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    )


def _elsewhere(links: Mapping[str, str]) -> Markup:
    if not links:
        return Markup("")
    return element(
        "nav",
        *(element("a", name(text), href=url) for text, url in links.items()),
        aria_label="Elsewhere",
    )


def _footer(note: Markup) -> Markup:
    links = (
        ("silence", "silences"),
        ("runbooks/", "runbooks"),
        ("metrics", "metrics"),
        ("health", "health"),
        ("api/v1/snapshot", "snapshot"),
    )
    return element(
        "footer",
        element("span", f"queue-monitor {__version__}"),
        *(element("a", text, href=href) for href, text in links),
        note,
    )

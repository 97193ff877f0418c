"""`/runbooks/`: a page for each built-in alert, which alerts link to.

The pages are those of docs/runbooks, so whoever is called at night needs nothing but the monitor
that called. They are written in Markdown, and made into HTML once.
"""

import re
from functools import cache
from importlib.resources import files

from aiohttp import web
from markdown_it import MarkdownIt

from monitor.web.page.markup import Markup, element
from monitor.web.page.page import head_of

_INDEX = "README"
_LINK = re.compile(r'href="(\w+)\.md"')


def add_runbooks(app: web.Application) -> None:
    """Serve the runbooks from `app`."""
    app.add_routes([web.get("/runbooks/", _index), web.get(r"/runbooks/{name:\w+}", _runbook)])


async def _index(_request: web.Request) -> web.Response:
    return _page(_INDEX)


async def _runbook(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in names():
        raise web.HTTPNotFound(text=f"there is no runbook {name}\n")
    return _page(name)


def _page(name: str) -> web.Response:
    return web.Response(text=runbook_html(name), content_type="text/html")


@cache
def names() -> frozenset[str]:
    """Return the alerts that have a runbook."""
    found = (path.name for path in files(__package__).joinpath("runbooks").iterdir())
    return frozenset(name.removesuffix(".md") for name in found) - {_INDEX}


@cache
def runbook_html(name: str) -> str:
    """Return the page of the alert `name`, one of `names()`."""
    text = files(__package__).joinpath("runbooks", f"{name}.md").read_text()
    made = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    head = head_of("Runbooks" if name == _INDEX else name, root="../")
    up = element("a", "all runbooks", href="./"), element("a", "status", href="../")
    body = element(
        "body",
        element("main", Markup(_LINK.sub(r'href="\1"', made)), class_="runbook"),
        element("footer", *up),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"

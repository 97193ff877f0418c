"""The site's page with the Follow button, as `queue-monitor reference-app front` runs it.

`POST /follow?mode=inline` does all of it before it answers; `?mode=queued` sends one message and
answers. That difference is what a queue is for. The page says how long each took.
"""

import asyncio
import time
from contextlib import suppress
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web
from kombu.exceptions import OperationalError

from monitor.reference_app import settings, tasks
from monitor.reference_app.site import Site

FOLLOWED = "ada@mail.example"
_PAGE = Template(Path(__file__).with_name("front.html").read_text())


class Front:
    """Serves the page. `monitor_url` is where the monitor's page is, if one is to be linked."""

    def __init__(self, site: Site, monitor_url: str | None = None) -> None:
        self._site = site
        self._monitor_url = monitor_url
        self._answered_seconds: dict[str, float] = {}

    def application(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        app.router.add_get("/", self._show)
        app.router.add_post("/follow", self._follow)
        app.on_startup.append(_note_start)
        return app

    async def _show(self, _request: web.Request) -> web.Response:
        followers = (await asyncio.to_thread(self._site.person, FOLLOWED)).followers
        warnings = [f'<p class="warning">{escape(text)}</p>' for text in settings.warnings()]
        page = _PAGE.substitute(
            followers=followers,
            warnings="\n".join(warnings),
            inline=self._answered("inline"),
            queued=self._answered("queued"),
            monitor=_link(self._monitor_url) if self._monitor_url else "",
        )
        return web.Response(text=page, content_type="text/html")

    async def _follow(self, request: web.Request) -> web.Response:
        began = time.monotonic()
        mode = request.query.get("mode")
        if mode not in ("inline", "queued"):
            raise web.HTTPBadRequest(text="mode is inline or queued\n")
        # Each click is that of another visitor; a real site has a login.
        follower = f"visitor{time.time_ns()}@mail.example"
        do = follow_inline if mode == "inline" else follow_queued
        # In a thread, or everybody else would wait as well.
        await asyncio.to_thread(do, follower, FOLLOWED)
        self._answered_seconds[mode] = time.monotonic() - began
        # To a page of its own, so that a reload does not follow again.
        raise web.HTTPSeeOther("/")

    def _answered(self, mode: str) -> str:
        seconds = self._answered_seconds.get(mode)
        return "not yet" if seconds is None else f"{seconds * 1000:.0f} ms"


async def _note_start(_app: web.Application) -> None:
    # A process's first message also opens its connection, and no visitor should wait for that.
    with suppress(OperationalError):  # without a broker inline still works
        await asyncio.to_thread(tasks.record_metric.delay, "front started", 1.0)


def _link(url: str) -> str:
    return f'<p><a href="{escape(url)}">See the queues in the monitor</a></p>'


def follow_inline(follower: str, followed: str) -> None:
    """Do all of it here and now; a mail server that is down fails the click."""
    # A task that is called like a function is one: no message, no worker.
    Site(settings.data_folder()).follow(follower, followed)
    tasks.mail_followed(follower, followed)


def follow_queued(follower: str, followed: str) -> None:
    """Send a message that says what is to be done. Raises OperationalError without a broker."""
    tasks.record_follow.delay(follower, followed)

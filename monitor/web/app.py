"""The HTTP face of the daemon: metrics, health, the API and the page.

Everything here only reads, but for the silences of `/api/v2` and `/silence`, and `/-/reload`.
`daemon.py` makes the application, `web/server.py` serves it.
"""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from monitor.state.history import MAX_PAGE
from monitor.state.store import StateError
from monitor.web.alertmanager_api import alertmanager_routes
from monitor.web.answer import JSON, json_answer
from monitor.web.api import snapshot_json
from monitor.web.check import CheckHandler
from monitor.web.guard import refusal
from monitor.web.headers import harden
from monitor.web.health import broker_health
from monitor.web.metrics import MetricsHandler
from monitor.web.page.page import asset
from monitor.web.pages import Pages
from monitor.web.runbooks import add_runbooks
from monitor.web.security import Security
from monitor.web.series import SeriesHandler
from monitor.web.silence_form import SilenceForm
from monitor.web.source import ReloadError, Source

MAX_BODY_BYTES = 64 * 1024


def make_app(source: Source, security: Security | None = None) -> web.Application:
    """Return the application that shows `source` to whom `security` lets in; None: to all."""
    security = security or Security()
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[security.admit])
    handlers = _Handlers(source)
    pages, silence = Pages(source), SilenceForm(source)
    check = CheckHandler(source)
    app.add_routes(
        [
            web.get("/metrics", MetricsHandler(source).get),
            web.get("/-/healthy", handlers.healthy),
            web.get("/-/ready", handlers.ready),
            web.post("/-/reload", handlers.reload),
            web.get("/health", handlers.health),
            web.get("/api/v1/snapshot", handlers.snapshot),
            web.get("/check/{kind}", check.get),
            web.get("/check/{kind}/{name:(?s:.+)}", check.get),
            web.get("/api/v1/history", handlers.history),
            *alertmanager_routes(source),
            web.get("/", pages.overview),
            web.get("/queue", pages.queue),
            web.get("/worker", pages.worker),
            web.get("/silence", silence.get),
            web.post("/silence", silence.post),
            web.get("/api/v1/stream", pages.stream),
            web.get("/api/v1/series", SeriesHandler(source).get),
            web.get("/page.js", _asset("page.js", "text/javascript")),
            web.get("/page.css", _asset("page.css", "text/css")),
            web.get("/favicon.svg", _asset("favicon.svg", "image/svg+xml")),
        ]
    )
    add_runbooks(app)
    app.on_response_prepare.extend([harden, security.add_headers])
    app.on_shutdown.append(pages.close)
    return app


class _Handlers:
    def __init__(self, source: Source) -> None:
        self._source = source

    async def healthy(self, _request: web.Request) -> web.Response:
        """Say whether the loop ticks: what a liveness probe asks."""
        if self._source.ticking():
            return web.Response(text="ok\n")
        return web.Response(status=503, text="the loop has not ticked lately\n")

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether every broker was tried: what a readiness probe asks."""
        if self._source.ready:
            return web.Response(text="ready\n")
        return web.Response(status=503, text="the first poll of every broker is under way\n")

    async def reload(self, request: web.Request) -> web.Response:
        """Read the settings again."""
        refused = refusal(request)
        if refused is not None:
            return web.Response(status=403, text=f"{refused}\n")
        try:
            waiting = await self._source.reload()
        except ReloadError as error:
            return web.Response(status=500, text=f"not reloaded:\n{error}\n")
        but = f"; changes in {', '.join(waiting)} wait for a restart" if waiting else ""
        return web.Response(text=f"reloaded{but}\n")

    async def health(self, _request: web.Request) -> web.Response:
        """Say whether every broker is being read."""
        source = self._source
        snapshot = source.snapshot
        brokers = (
            broker_health(snapshot, source.now(), source.poll_interval_seconds) if snapshot else ()
        )
        ok = bool(brokers) and all(b.ok for b in brokers)
        document = {"status": "ok" if ok else "failing", "brokers": brokers}
        return json_answer(document, 200 if ok else 503)

    async def snapshot(self, _request: web.Request) -> web.Response:
        """Give the snapshot."""
        snapshot = self._source.snapshot
        if snapshot is None:
            return json_answer({"error": "the first tick is under way"}, 503)
        # In a thread, like the page: thousands of rows take longer than the loop may stand
        # still, and everything they are made from is frozen.
        body = await asyncio.to_thread(
            snapshot_json, snapshot, self._source.alerts, self._source.muted
        )
        return web.Response(body=body, content_type=JSON)

    async def history(self, request: web.Request) -> web.Response:
        """Give what happened lately, page by page: `limit`, and ids below `before`."""
        try:
            limit = int(request.query.get("limit", "100"))
            before = int(request.query["before"]) if "before" in request.query else None
        except ValueError:
            limit = before = 0
        if not 0 < limit <= MAX_PAGE or (before is not None and not 0 < before < 2**62):
            return json_answer({"error": f"limit is 1 to {MAX_PAGE}, before an id"}, 400)
        try:
            entries = await self._source.history(before, limit)
        except StateError as error:
            return json_answer({"error": str(error)}, 503)
        return json_answer({"entries": entries})


def _asset(name: str, content_type: str) -> Handler:
    body = asset(name)

    async def get(_request: web.Request) -> web.Response:
        headers = {"Cache-Control": "max-age=86400"}
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    return get

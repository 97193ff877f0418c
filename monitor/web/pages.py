"""The page over HTTP, and the stream that keeps it live."""

import asyncio
from collections.abc import Mapping

from aiohttp import web
from msgspec import json

from monitor.web.guard import refusal
from monitor.web.health import STALE_INTERVALS
from monitor.web.page.choice import Choice
from monitor.web.page.markup import joined
from monitor.web.page.page import VIEWS, data_at, page, render
from monitor.web.page.view import View
from monitor.web.source import Source

MAX_STREAMS = 64
LEAST_BETWEEN_MESSAGES_SECONDS = 1.0
WRITE_SECONDS = 10.0
"""A reader that takes longer for one message is let go."""
RETRY_MILLISECONDS = 2_000


class Pages:
    """Answers `/`, `/queue`, `/worker` and `/api/v1/stream`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._streams: set[asyncio.Task[object]] = set()
        self._drawing: dict[object, asyncio.Task[tuple[View, bytes]]] = {}

    async def overview(self, request: web.Request) -> web.Response:
        """Give the overview."""
        return await self._page(request, "overview")

    async def queue(self, request: web.Request) -> web.Response:
        """Give a queue's own view."""
        return await self._page(request, "queue")

    async def worker(self, request: web.Request) -> web.Response:
        """Give a worker's own view."""
        return await self._page(request, "worker")

    async def _page(self, request: web.Request, kind: str) -> web.Response:
        view = self._view(request)

        def draw() -> tuple[str, bool]:
            rendered = render(view, kind, request.query)
            return page(view, rendered, kind), rendered.found

        # In a thread: it takes longer than the loop may stand still, and all it is made
        # from is frozen or copied.
        text, found = await asyncio.to_thread(draw)
        return web.Response(text=text, content_type="text/html", status=200 if found else 404)

    def _view(self, request: web.Request) -> View:
        source = self._source
        return View(
            snapshot=source.snapshot,
            alerts=source.alerts,
            muted=source.muted,
            silences=source.silences,
            history=source.last_hour,
            failed_notices=source.failed_notices,
            links=source.links,
            notices=source.notices(),
            now=source.now(),
            started_at=source.started_at,
            poll_interval_seconds=source.poll_interval_seconds,
            choice=Choice.of(request.query),
            writable=refusal(request) is None,
        )

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send what a view of the page shows at every tick."""
        kind = request.query.get("view", "")
        if kind not in VIEWS:
            return web.Response(status=400, text=f"view is one of {', '.join(VIEWS)}\n")
        if len(self._streams) >= MAX_STREAMS:
            refused = {"Retry-After": "10"}
            return web.Response(status=503, text="too many streams are open\n", headers=refused)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler runs in a task
        self._streams.add(task)
        try:
            return await self._send(request, kind)
        finally:
            self._streams.discard(task)

    async def _send(self, request: web.Request, kind: str) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_type = "text/event-stream"
        # nginx would keep the messages until it has a buffer full of them.
        response.headers["X-Accel-Buffering"] = "no"
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        message = b"retry: %d\n\n" % RETRY_MILLISECONDS
        try:
            while True:
                view, drawn = await self._drawn(request, kind)
                message += drawn
                async with asyncio.timeout(WRITE_SECONDS):
                    await response.write(message)
                message = b""
                await asyncio.sleep(LEAST_BETWEEN_MESSAGES_SECONDS)
                await self._source.ticked(view.snapshot)
        except (ConnectionError, TimeoutError):
            return response  # whoever read has gone, or does not keep up and will come back

    async def _drawn(self, request: web.Request, kind: str) -> tuple[View, bytes]:
        """Return what a view shows now, and its message.

        A tick wakes all readers at once: who wants what is being drawn already waits for that.
        """
        view = self._view(request)
        wanted = kind, tuple(request.query.items()), view.writable
        if wanted not in self._drawing:
            drawing = asyncio.create_task(_draw(view, kind, dict(request.query)))
            drawing.add_done_callback(lambda _: self._drawing.pop(wanted))
            self._drawing[wanted] = drawing
        # Whoever goes must not take it from the others.
        return await asyncio.shield(self._drawing[wanted])

    async def close(self, _app: web.Application) -> None:
        """End all streams; a signal handler for `on_shutdown`."""
        for task in self._streams:
            task.cancel()


async def _draw(view: View, kind: str, labels: Mapping[str, str]) -> tuple[View, bytes]:
    return view, await asyncio.to_thread(_message, view, kind, labels)


def _message(view: View, kind: str, labels: Mapping[str, str]) -> bytes:
    """Return one message of the stream. JSON keeps it on one line, whatever is in it."""
    rendered = render(view, kind, labels)
    at = data_at(view)
    shown = {
        "title": f"{rendered.title} · queue-monitor",
        "age_seconds": None if at is None else max(0.0, view.now - at),
        "stale_after_seconds": STALE_INTERVALS * view.poll_interval_seconds,
        "html": str(joined(rendered.content)),
    }
    return b"event: page\ndata: %s\n\n" % json.encode(shown)

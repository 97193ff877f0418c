"""`/metrics`: the snapshot and the monitor's own process, in the format the scraper asks for."""

import asyncio
import gzip

from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.openmetrics import exposition as openmetrics

from monitor.web.exposition import Exposition, Format
from monitor.web.negotiation import accepts_gzip, chosen_format
from monitor.web.source import Source


class MetricsHandler:
    """Answers scrapes; keeps the exposition writer between them."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._exposition = Exposition(source.started_at)
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)

    async def get(self, request: web.Request) -> web.Response:
        """Answer GET and HEAD."""
        form = chosen_format(",".join(request.headers.getall("Accept", ())))
        headers = {"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"}
        if request.method == "HEAD":
            # Not a scrape: a new counter shows its zero to the next GET.
            return web.Response(headers=headers)
        # By its address alone: two behind one proxy are one reader, and so share a zero.
        body = self._body(form, request.remote or "")
        if accepts_gzip(request.headers.get("Accept-Encoding", "")):
            headers["Content-Encoding"] = "gzip"
            # Zlib lets go of the interpreter's lock, and 5 MB take it longer than a tick may.
            body = await asyncio.to_thread(gzip.compress, body, compresslevel=1)
        return web.Response(body=body, headers=headers)

    def _body(self, form: Format, reader: str) -> bytes:
        snapshot = self._source.snapshot
        own = self._exposition.write(snapshot, form, reader) if snapshot else b""
        if form is Format.OPENMETRICS:
            # prometheus_client leaves this one function untyped.
            process: bytes = openmetrics.generate_latest(self._process)  # type: ignore[no-untyped-call]
            return own + process
        return own + generate_latest(self._process)

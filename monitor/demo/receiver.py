"""A webhook receiver of the demo's own: what somebody who is paged would have seen, and when."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of one notification as it arrived."""

    arrived_at: float
    """Seconds of the monotonic clock."""
    status: str
    """`firing` or `resolved`."""
    labels: Mapping[str, str]
    summary: str

    @property
    def alertname(self) -> str:
        """The name of the alert."""
        return self.labels["alertname"]


class Receiver:
    """Takes Alertmanager's webhook payload (version 4) on a loopback port."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        """Listen; `url` is where."""
        app = web.Application()
        app.router.add_post("/", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    def find(self, status: str, labels: Mapping[str, str], since: float) -> Told | None:
        """Return the first alert told since then, with this status and at least these labels."""
        for told in self.told:
            if (
                told.arrived_at >= since
                and told.status == status
                and labels.items() <= told.labels.items()
            ):
                return told
        return None

    async def _take(self, request: web.Request) -> web.Response:
        payload = await request.json()
        arrived_at = time.monotonic()
        for alert in payload["alerts"]:
            summary = alert["annotations"].get("summary", "")
            self.told.append(Told(arrived_at, alert["status"], alert["labels"], summary))
        return web.Response()

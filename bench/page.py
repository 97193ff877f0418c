"""The page in Chromium, with 1,000 queues and 1,000 workers: how soon it is of use, and how long
an update takes.

Both are bare times, as they are promised to people. Interactive is when the document is there and
its script has taken it over; an update is measured in the browser, from the arrival of a message
until the frame that shows it is painted. At each update every queue and every worker has changed.
"""

import asyncio
import random
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, cast

from playwright.sync_api import Browser, Page, sync_playwright

from bench.result import Result
from monitor.facts.history import STEP_SECONDS, STEPS, History
from monitor.facts.snapshot import BrokerFacts, MonitorFacts, QueueFacts, Snapshot, WorkerFacts
from monitor.web.app import make_app
from monitor.web.server import serve
from monitor.web.source import Source

QUEUES, WORKERS = 1_000, 1_000
ROUNDS = 5
INTERACTIVE_BOUND_SECONDS = 2.0
UPDATE_BOUND_MILLISECONDS = 100.0

_WATCH = """
window.updates = [];
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (kind, listener) {
  listen.call(this, kind, (message) => {
    const began = performance.now();
    listener(message);
    if (kind !== "page") return;
    window.interactive ??= performance.now();
    const painted = new MessageChannel();
    painted.port1.onmessage = () => window.updates.push(performance.now() - began);
    requestAnimationFrame(() => painted.port2.postMessage(null));
  });
};
"""
"""The first task after a frame runs when that frame is painted."""


def run() -> list[Result]:
    """Measure, and say whether the bounds hold; nothing without a Chromium."""
    path = shutil.which("chromium")
    if path is None:
        print("page: not measured, chromium is not installed", flush=True)
        return []
    interactive, updates = [], []
    with _served() as url, sync_playwright() as playwright:
        for _ in range(ROUNDS):
            # Its own sandbox does not work for root.
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            with _opened(browser, url) as page:
                interactive.append(_number(page, "window.interactive") / 1000)
                updates.append(_number(page, "window.updates.at(-1)"))
            browser.close()
    seconds, milliseconds = median(interactive), median(updates)
    return [
        Result(
            name="page, interactive",
            measured=f"{QUEUES:,} queues and {WORKERS:,} workers, live after {seconds:.2f} s",
            bound=INTERACTIVE_BOUND_SECONDS,
            holds=seconds <= INTERACTIVE_BOUND_SECONDS,
        ),
        Result(
            name="page, update",
            measured=f"all of them changed, painted after {milliseconds:.0f} ms",
            bound=UPDATE_BOUND_MILLISECONDS,
            holds=milliseconds <= UPDATE_BOUND_MILLISECONDS,
        ),
    ]


@contextmanager
def _opened(browser: Browser, url: str) -> Iterator[Page]:
    # The policy of the page would not let us look at it, either.
    page = browser.new_page(bypass_csp=True)
    page.add_init_script(_WATCH)
    page.goto(url)
    # The first message repeats what the document has; the second one brings what changed.
    page.wait_for_function("window.updates.length >= 3")
    assert page.locator("#queues tbody tr").count() == 50
    yield page


def _number(page: Page, expression: str) -> float:
    return float(page.evaluate(expression))


class _Source:
    """A daemon in which everything changes at every tick."""

    def __init__(self) -> None:
        self._random = random.Random(1_000)  # noqa: S311 - made-up lengths
        self.last_hour = History()
        now = time.time()
        for step in range(STEPS):
            self._snapshot = self._made(now - (STEPS - 1 - step) * STEP_SECONDS)
            self.last_hour.record(self._snapshot)
        self.started_at = now
        self.ready = True
        self.poll_interval_seconds = 5.0
        self.alerts = self.silences = self.failed_notices = ()
        self.muted: dict[str, Any] = {}
        self.links: dict[str, str] = {}

    def _made(self, at: float) -> Snapshot:
        broker = BrokerFacts(broker="default", up=True, last_poll_at=at, events_connected=True)
        return Snapshot(
            at=at,
            brokers=(broker,),
            queues=tuple(self._queue(n) for n in range(QUEUES)),
            workers=tuple(self._worker(n, at) for n in range(WORKERS)),
            monitor=MonitorFacts(version="0", channels=1),
        )

    def _queue(self, number: int) -> QueueFacts:
        any_of = self._random.random
        return QueueFacts(
            broker="default",
            queue_name=f"queue-{number}",
            length=int(1_000 * any_of()),
            oldest_age_seconds=100 * any_of(),
            oldest_age_exact=True,
            arrival_rate=50 * any_of(),
            dispatch_rate=50 * any_of(),
            drain_seconds=1_000 * any_of(),
            workers=3,
            processes=12,
            verdict=self._random.choice(("ok", "draining", "growing", "saturated")),
        )

    def _worker(self, number: int, at: float) -> WorkerFacts:
        return WorkerFacts(
            broker="default",
            hostname=f"worker-{number}@web{number % 40}",
            state=self._random.choice(("online", "late")),
            reason="it beats",
            active=self._random.randrange(9),
            concurrency=8,
            queues=(f"queue-{number}",),
            last_seen_at=at,
        )

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    async def ticked(self, after: Snapshot | None) -> None:
        if after is not self._snapshot:
            return  # the tick of another reader came meanwhile
        # In a thread: the daemon has its facts already when a tick comes.
        self._snapshot = await asyncio.to_thread(self._made, time.time())
        self.last_hour.record(self._snapshot)

    def now(self) -> float:
        return time.time()

    def notices(self) -> tuple[str, ...]:
        return ()


@contextmanager
def _served() -> Iterator[str]:
    """Serve the page from another thread, so that the browser can be driven from this one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    app = make_app(cast(Source, _Source()))
    server = asyncio.run_coroutine_threadsafe(serve(app, "127.0.0.1:0"), loop).result()
    try:
        yield f"http://127.0.0.1:{server.port}/"
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

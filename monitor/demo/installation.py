"""Everything that the demo runs, together: broker, workers, traffic, receiver and daemon."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from monitor.demo import daemon_process
from monitor.demo.broker import EmbeddedBroker, free_port
from monitor.demo.metrics import Metrics
from monitor.demo.processes import Process
from monitor.demo.receiver import Receiver
from monitor.demo.supervisor import Supervisor
from monitor.demo.workspace import Workspace
from monitor.top.sight import Sight, sight_of_answer

WORKERS = ("high", "normal", "low")
TRAFFIC = "traffic"
BEAT = "beat"
PARTNER = "partner"
FRONT = "front"
LOOK_EVERY_SECONDS = 0.2
READY_TIMEOUT_SECONDS = 30.0
LOG_TAIL_LINES = 15

REFERENCE_APP = (sys.executable, "-m", "monitor", "reference-app")


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A small Celery installation and its monitor, all on loopback, all running."""

    workspace: Workspace
    broker: EmbeddedBroker
    supervisor: Supervisor
    receiver: Receiver
    daemon: Process
    page_url: str
    front_url: str
    _http: aiohttp.ClientSession

    async def metrics(self) -> Metrics | None:
        """Return what `/metrics` says now; None when it does not answer."""
        text = await self._get("/metrics")
        return None if text is None else Metrics.parse(text)

    async def sight(self) -> Sight | None:
        """Return what `queue-monitor top` would see now; None when the daemon does not answer."""
        answer = await self._get("/api/v1/snapshot")
        return None if answer is None else sight_of_answer(answer.encode())

    async def watch(self) -> None:
        """Keep it running until cancelled. Raises DemoError when the daemon exits."""
        while self.daemon.poll() is None:
            self.supervisor.look(time.monotonic())
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        raise self._daemon_exited()

    async def wait_until_ready(self) -> None:
        """Return when the daemon has tried its first poll. Raises DemoError."""
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while await self._get("/-/ready") is None:
            if self.daemon.poll() is not None:
                raise self._daemon_exited()
            if time.monotonic() > deadline:
                raise DemoError(f"the daemon is not ready after {READY_TIMEOUT_SECONDS:.0f} s")
            await asyncio.sleep(0.1)

    async def send(self, *words: str) -> None:
        """Send tasks by the command that a person would use. Raises DemoError."""
        process = self.workspace.start(
            "send", [*REFERENCE_APP, "send", *words], worker_environ(self.workspace, self.broker)
        )
        status = await asyncio.to_thread(process.wait)
        self.workspace.kill(process)
        if status != 0:
            raise DemoError(f"tasks could not be sent:\n{self._tail_of('send')}")

    async def _get(self, path: str) -> str | None:
        try:
            async with self._http.get(self.page_url + path) as response:
                return await response.text() if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None

    def _daemon_exited(self) -> DemoError:
        status = self.daemon.returncode
        return DemoError(f"the daemon exited with status {status}:\n{self._tail_of('daemon')}")

    def _tail_of(self, name: str) -> str:
        lines = self.workspace.log_file(name).read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])


@asynccontextmanager
async def installed(
    workspace: Workspace, page_port: int, *, alerting: bool
) -> AsyncIterator[Installation]:
    """Start everything; stop it in order, first of all the daemon, or it would alert on the rest.

    Raises BrokerError and DemoError.
    """
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5.0))
        )
        broker = EmbeddedBroker(workspace.folder)
        broker.start()
        stack.callback(broker.stop)
        receiver = Receiver()
        stack.push_async_callback(receiver.stop)
        await receiver.start()
        page_url = f"http://127.0.0.1:{page_port}"
        front_port, partner_port = free_port(), free_port()
        front_url = f"http://127.0.0.1:{front_port}"
        supervisor = Supervisor(
            workspace,
            commands(workspace, page_url, front_port, partner_port),
            worker_environ(workspace, broker)
            | {"REFERENCE_APP_PARTNER_URL": f"http://127.0.0.1:{partner_port}"},
        )
        stack.push_async_callback(supervisor.stop_all)
        daemon_process.log_folder(workspace).mkdir()
        # The workers first, for they take the longest.
        for name in (*WORKERS, TRAFFIC, BEAT, PARTNER, FRONT):
            supervisor.start(name)
        settings = daemon_process.settings(
            workspace,
            broker_url=broker.url,
            webhook_url=receiver.url,
            front_url=front_url,
            page_port=page_port,
            alerting=alerting,
        )
        daemon = daemon_process.start(workspace, settings, environ(workspace))
        stack.push_async_callback(workspace.stop, daemon)
        installation = Installation(
            workspace, broker, supervisor, receiver, daemon, page_url, front_url, http
        )
        await installation.wait_until_ready()
        yield installation


def commands(
    workspace: Workspace, page_url: str, front_port: int, partner_port: int
) -> dict[str, list[str]]:
    """Return what the supervisor runs: the reference app, as anybody would start it."""
    log_folder = str(daemon_process.log_folder(workspace))
    workers = {name: ["worker", name, "--log-folder", log_folder] for name in WORKERS}
    others = {
        TRAFFIC: ["traffic"],
        BEAT: ["beat"],
        PARTNER: ["partner", "--port", str(partner_port)],
        FRONT: ["front", "--port", str(front_port), "--monitor-url", f"{page_url}/"],
    }
    return {name: [*REFERENCE_APP, *words] for name, words in (workers | others).items()}


def environ(workspace: Workspace) -> dict[str, str]:
    """Return our environment without what would set up another monitor or another broker, or
    report the failures of the demo to somebody's Sentry."""
    ours = ("QUEUE_MONITOR_", "CELERY_", "REFERENCE_APP_", "SENTRY_DSN")
    others = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # A killed Celery worker leaves temporary folders behind.
    return others | {"TMPDIR": str(workspace.folder)}


def worker_environ(workspace: Workspace, broker: EmbeddedBroker) -> dict[str, str]:
    """Return the environment of the reference app's processes."""
    return environ(workspace) | {
        "CELERY_BROKER_URL": broker.url,
        "REFERENCE_APP_FOLDER": str(workspace.folder / "site"),
        "REFERENCE_APP_CANARY_SECONDS": str(daemon_process.CANARY_SECONDS),
    }

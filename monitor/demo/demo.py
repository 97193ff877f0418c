"""Runs the demo from start to end; called by `command`."""

import asyncio
import shlex
import shutil
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from monitor.demo import summary
from monitor.demo.broker import BrokerError, free_port, is_free
from monitor.demo.installation import DemoError, Installation, installed
from monitor.demo.scenarios import load
from monitor.demo.workspace import Workspace

DEFAULT_PORT = 9808


def run(scenario: str | None, *, exit_after: bool, port: int | None, alerting: bool) -> int:
    """Run the demo until it is interrupted or, if asked to, until the scenario is over.

    `scenario` is a name in `scenarios.SCENARIOS`; `port` is for the daemon's page: 0 is any that is
    free, None is 9808 or else any. Returns the exit status.
    """
    free = page_port(port)
    if free is None:
        _complain(f"port {port} is taken: choose another one by --port")
        return 2
    try:
        with Workspace() as workspace:
            session = _session(workspace, scenario, exit_after, free, alerting)
            return asyncio.run(_until_interrupted(session, status_then=int(exit_after)))
    except KeyboardInterrupt:
        return int(exit_after)
    except (BrokerError, DemoError) as error:
        _complain(str(error))
        return 1


async def _until_interrupted(session: Coroutine[Any, Any, int], *, status_then: int) -> int:
    task = asyncio.create_task(session)
    for interruption in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(interruption, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return status_then


async def _session(
    workspace: Workspace, scenario: str | None, exit_after: bool, port: int, alerting: bool
) -> int:
    _say("starting a broker, three workers, traffic and the daemon ...")
    async with installed(workspace, port, alerting=alerting) as installation:
        _say(introduction(installation))
        status = 0
        if scenario is not None:
            went_well = await _first_of(
                load(scenario)(installation, _say),
                summary.print_lines(installation, _say),
                installation.watch(),
            )
            status = 0 if went_well else 1
        if not exit_after:
            await _first_of(_show(installation), installation.watch())
        return status


def _show(installation: Installation) -> Coroutine[Any, Any, None]:
    if sys.stdout.isatty():
        return summary.show_live(installation)
    return summary.print_lines(installation, _say)


async def _first_of(*coroutines: Coroutine[Any, Any, Any]) -> Any:
    """Run all of them until the first ends; return, or raise, what it did."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def introduction(installation: Installation) -> str:
    """Return where to look and what to try, with commands to copy."""
    command = shutil.which("queue-monitor") or f"{shlex.quote(sys.executable)} -m monitor"
    broker = installation.broker
    return f"""\
Look at
  the page      {installation.page_url}/
  the metrics   {installation.page_url}/metrics
  the site      {installation.front_url}/  (click Follow, inline and queued)
Try, in another terminal
  flood a queue
    {command} reference-app send pause --queue high --count 500 --broker {broker.url}
  kill a worker (it is started again after a while)
    kill -9 {installation.supervisor.pid("low")}
  let the broker hang for a minute
    kill -STOP {broker.pid}; sleep 60; kill -CONT {broker.pid}
Ctrl-C ends it all and leaves nothing behind.
"""


def page_port(wanted: int | None) -> int | None:
    """Return the port for the page; None when the wanted one is taken."""
    if wanted == 0:
        return free_port()
    if is_free(wanted or DEFAULT_PORT):
        return wanted or DEFAULT_PORT
    return free_port() if wanted is None else None


def _say(text: str) -> None:
    print(text, flush=True)


def _complain(text: str) -> None:
    print(f"queue-monitor: {text}", file=sys.stderr)

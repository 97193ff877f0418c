"""`queue-monitor reference-app …`: runs the app against any broker, piece by piece.

The command line calls `add_arguments` and `run`. Celery is loaded only when it is needed.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from monitor.reference_app import settings, traffic
from monitor.reference_app.layout import WORKERS

if TYPE_CHECKING:
    from aiohttp import web

WORKFLOWS = ("thumbnails", "photo", "election", "newsletter")
WORKFLOW_SECONDS = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands and their options."""
    broker = argparse.ArgumentParser(add_help=False)
    broker.add_argument(
        "--broker",
        metavar="URL",
        help="the broker; else $CELERY_BROKER_URL, else redis://127.0.0.1:6379/0",
    )
    commands = parser.add_subparsers(dest="reference_app_command", required=True)

    def add(name: str, summary: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        sentence = f"{summary[0].upper()}{summary[1:]}."
        return commands.add_parser(name, help=summary, description=sentence, parents=parents)

    worker = add("worker", "run one worker, or all three", broker)
    worker.add_argument("name", choices=[*WORKERS, "all"], nargs="?", default="all")
    worker.add_argument("--log-folder", metavar="DIR", help="log into NAME.log there")

    add("beat", "send what is due at certain times", broker)

    front = add("front", "serve the page with Follow", broker)
    _add_port(front, 8000)
    front.add_argument("--monitor-url", metavar="URL", help="the monitor's page, to be linked")

    partner = add("partner", "serve the API of a partner, slowly")
    _add_port(partner, 8001)

    send = add("send", "send tasks", broker)
    send.add_argument("task", choices=[*traffic.ARGUMENTS])
    send.add_argument("--count", type=int, default=1, metavar="N", help="how many (1)")
    send.add_argument("--queue", metavar="Q", help="instead of where the task is routed to")
    send.add_argument(
        "--priority", type=int, choices=range(10), metavar="P", help="0 (first) to 9 (last)"
    )

    workflow = add("workflow", "send tasks that belong together, and wait for them", broker)
    workflow.add_argument("name", choices=WORKFLOWS)
    workflow.add_argument("--broken", action="store_true", help="let one in the middle fail")

    steady = add("traffic", "send a few tasks a second, steadily or by a profile", broker)
    profiles = "; ".join(f"{name}: {each.summary}" for name, each in traffic.PROFILES.items())
    steady.add_argument("--profile", choices=[*traffic.PROFILES], help=profiles)
    steady.add_argument(
        "--seconds", type=float, default=120.0, metavar="N", help="of a profile (120)"
    )

    batch = add("send-welcome-batch", "mail all who have had no welcome, as cron would")
    batch.add_argument("--limit", type=int, default=1000, metavar="N", help="at the most (1000)")

    sign_up = add("sign-up", "make people known, for the batch to welcome")
    sign_up.add_argument("address", nargs="+")

    add("check", "say what must not be so in production")


def _add_port(parser: argparse.ArgumentParser, port: int) -> None:
    parser.add_argument(
        "--port", type=int, default=port, metavar="N", help=f"on 127.0.0.1 ({port}); 0: any"
    )


def run(args: argparse.Namespace) -> int:
    """Do what `args` ask for; return the exit status."""
    if getattr(args, "broker", None):
        # The environment and not the command line: a password would show in the process list.
        os.environ["CELERY_BROKER_URL"] = args.broker
    for warning in settings.warnings():
        _complain(warning)
    if args.reference_app_command in _OF_THE_SITE:
        try:
            settings.data_folder().mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _complain(f"cannot make the folder for the site's data: {error}")
            return 2
    try:
        return _COMMANDS[args.reference_app_command](args)
    except KeyboardInterrupt:
        return 0


def _run_workers(args: argparse.Namespace) -> int:
    if args.name != "all":
        _become(WORKERS[args.name].command(args.log_folder))
    # The terminal sends Ctrl-C to the workers too; this process only waits for them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children = []
    for worker in WORKERS.values():
        command = worker.command(args.log_folder)
        print(shlex.join(command), flush=True)
        children.append(subprocess.Popen(command))

    def pass_on(signal_number: int, _frame: FrameType | None) -> None:
        for child in children:
            child.send_signal(signal_number)

    signal.signal(signal.SIGTERM, pass_on)
    # A worker that was killed by a signal has a negative status.
    return max(abs(child.wait()) for child in children)


def _become(command: list[str]) -> NoReturn:
    """Become the program, so that signals reach it."""
    print(shlex.join(command), flush=True)
    os.execv(sys.executable, command)  # noqa: S606 - our own command, without a shell


def _run_beat(_args: argparse.Namespace) -> int:
    schedule = settings.data_folder() / "beat"
    _become(
        [
            *(sys.executable, "-m", "celery", "-A", "monitor.reference_app.app", "beat"),
            # What it sent last is kept there, so that a restart sends nothing twice.
            *("--schedule", str(schedule), "--pidfile", "", "--loglevel=INFO"),
        ]
    )


def _serve_front(args: argparse.Namespace) -> int:
    from monitor.reference_app.front import Front
    from monitor.reference_app.site import Site

    return _serve(Front(Site(settings.data_folder()), args.monitor_url).application(), args.port)


def _serve_partner(args: argparse.Namespace) -> int:
    from monitor.reference_app import partner_server

    return _serve(partner_server.application(), args.port)


def _serve(application: "web.Application", port: int) -> int:
    from monitor.reference_app.serve import serve

    try:
        serve(application, port)
    except (OSError, OverflowError) as error:
        _complain(f"cannot listen: {error}")
        return 2
    return 0


def _send(args: argparse.Namespace) -> int:
    from kombu.exceptions import OperationalError

    try:
        traffic.send(args.task, args.count, args.queue, args.priority)
    except OperationalError as error:
        return _broker_refused(error)
    print(f"sent {args.count} {args.task}" + (f" to {args.queue}" if args.queue else ""))
    return 0


def _run_workflow(args: argparse.Namespace) -> int:
    from kombu.exceptions import OperationalError

    from monitor.reference_app import examples

    try:
        for line in examples.play(args.name, broken=args.broken, seconds=WORKFLOW_SECONDS):
            print(line, flush=True)
    except OperationalError as error:
        return _broker_refused(error)
    except TimeoutError:
        _complain("nothing came of it: is a worker running?")
        return 1
    return 0


def _send_traffic(args: argparse.Namespace) -> int:
    if args.profile is None:
        traffic.send_steadily(report=_complain)
    from rich.progress import Progress

    with Progress() as progress:
        bar = progress.add_task(args.profile, total=args.seconds)
        for passed in traffic.send_profile(
            traffic.PROFILES[args.profile], args.seconds, report=_complain
        ):
            progress.update(bar, completed=passed)
    return 0


def _send_welcome_batch(args: argparse.Namespace) -> int:
    from monitor.reference_app import batch
    from monitor.reference_app.site import Site

    sent, failed = batch.run(Site(settings.data_folder()), args.limit, report=_complain)
    print(f"{sent} welcomed, {failed} failed")
    return 1 if failed else 0


def _sign_up(args: argparse.Namespace) -> int:
    from monitor.reference_app.site import Site

    Site(settings.data_folder()).sign_up(*args.address)
    return 0


def _check(_args: argparse.Namespace) -> int:
    if settings.warnings():
        return 1
    print("nothing to warn of")
    return 0


def _broker_refused(error: Exception) -> int:
    _complain(f"the broker does not take tasks: {error}")
    return 1


def _complain(text: str) -> None:
    print(f"queue-monitor: {text}", file=sys.stderr, flush=True)


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "worker": _run_workers,
    "beat": _run_beat,
    "front": _serve_front,
    "partner": _serve_partner,
    "send": _send,
    "workflow": _run_workflow,
    "traffic": _send_traffic,
    "send-welcome-batch": _send_welcome_batch,
    "sign-up": _sign_up,
    "check": _check,
}

_OF_THE_SITE = frozenset({"beat", "front", "send-welcome-batch", "sign-up"})
"""Commands that keep something in its folder."""

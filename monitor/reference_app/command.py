"""`queue-monitor reference-app worker|send|traffic`: runs the app against any broker.

The command line calls `add_arguments` and `run`. Celery is loaded only when it is needed.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
from types import FrameType
from typing import NoReturn

from monitor.reference_app import traffic
from monitor.reference_app.layout import WORKERS, Worker


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands and their options."""
    broker = argparse.ArgumentParser(add_help=False)
    broker.add_argument(
        "--broker",
        metavar="URL",
        help="the broker; else $CELERY_BROKER_URL, else redis://127.0.0.1:6379/0",
    )
    commands = parser.add_subparsers(dest="reference_app_command", required=True)

    worker = commands.add_parser("worker", parents=[broker], help="run one worker, or all three")
    worker.add_argument("name", choices=[*WORKERS, "all"], nargs="?", default="all")

    send = commands.add_parser("send", parents=[broker], help="send tasks")
    send.add_argument("task", choices=[*traffic.ARGUMENTS])
    send.add_argument("--count", type=int, default=1, metavar="N", help="how many (1)")
    send.add_argument("--queue", metavar="Q", help="instead of where the task is routed to")
    send.add_argument(
        "--priority", type=int, choices=range(10), metavar="P", help="0 (first) to 9 (last)"
    )

    commands.add_parser("traffic", parents=[broker], help="send a few tasks a second, steadily")


def run(args: argparse.Namespace) -> int:
    """Do what `args` ask for; return the exit status."""
    if args.broker:
        # The environment and not the command line: a password would show in the process list.
        os.environ["CELERY_BROKER_URL"] = args.broker
    if args.reference_app_command == "send":
        return _send(args)
    if args.reference_app_command == "traffic":
        return _send_steadily()
    return _run_all_workers() if args.name == "all" else _run_worker(WORKERS[args.name])


def _run_worker(worker: Worker) -> NoReturn:
    """Become the worker, so that signals reach it."""
    print(shlex.join(worker.command()), flush=True)
    os.execv(sys.executable, worker.command())  # noqa: S606 - our own command, without a shell


def _run_all_workers() -> int:
    """Run the whole layout until it is told to end; return the worst exit status."""
    # The terminal sends Ctrl-C to the workers too; this process only waits for them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children = []
    for worker in WORKERS.values():
        print(shlex.join(worker.command()), flush=True)
        children.append(subprocess.Popen(worker.command()))

    def pass_on(signal_number: int, _frame: FrameType | None) -> None:
        for child in children:
            child.send_signal(signal_number)

    signal.signal(signal.SIGTERM, pass_on)
    # A worker that was killed by a signal has a negative status.
    return max(abs(child.wait()) for child in children)


def _send(args: argparse.Namespace) -> int:
    from kombu.exceptions import OperationalError

    try:
        traffic.send(args.task, args.count, args.queue, args.priority)
    except OperationalError as error:
        print(f"queue-monitor: the broker does not take tasks: {error}", file=sys.stderr)
        return 1
    print(f"sent {args.count} {args.task}" + (f" to {args.queue}" if args.queue else ""))
    return 0


def _send_steadily() -> int:
    try:
        traffic.send_steadily(report=lambda text: print(text, file=sys.stderr, flush=True))
    except KeyboardInterrupt:
        return 0

"""`queue-monitor top`: its options, and what they lead to. Called by `cli.py`.

Exit status: 0 fine, 1 nothing could be seen (with `--once`), 2 usage.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial

from monitor.checks.login import add_broker_arguments, add_login_arguments, daemon_of
from monitor.checks.question import QuestionError
from monitor.top.choice import ORDERS, Choice
from monitor.top.sight import Sight
from monitor.top.sources import LookError, look_at_broker, look_at_daemon

_BAD_USAGE = 2
_WIDTH = 120
"""Of a table that goes to a file or a pipe."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_login_arguments(parser)
    add_broker_arguments(parser)
    parser.add_argument("--once", action="store_true", help="look once, print, and end")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="of --once")
    parser.add_argument("--sort", choices=ORDERS, default="worst", help="how rows are sorted")
    parser.add_argument(
        "--filter", metavar="TEXT", default="", help="names, queues or states with TEXT"
    )
    parser.add_argument(
        "--interval", metavar="SECONDS", type=_seconds, default=2.0, help="between looks (2)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show what there is; return the exit status."""
    choice = Choice(order=args.sort, filter=args.filter)
    try:
        look, where = _source(args)
    except QuestionError as error:
        print(f"queue-monitor top: {error}", file=sys.stderr)
        return _BAD_USAGE
    if args.once:
        return _once(look, where, choice, args.format)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("queue-monitor top: this is no terminal: give --once", file=sys.stderr)
        return _BAD_USAGE
    # Only now: who prints JSON need not wait for it.
    from monitor.top.live import Session

    Session(look, where, choice, time.monotonic).run(args.interval)
    return 0


def _source(args: argparse.Namespace) -> tuple[Callable[[], Sight], str]:
    """Return what looks, and where it does. Raises QuestionError."""
    # Of `celery -A`: its app's broker, unless a daemon is asked.
    broker = args.broker or (None if args.url else getattr(args, "app_broker", None))
    if not broker:
        daemon = daemon_of(args)
        return partial(look_at_daemon, daemon), daemon.url
    from monitor.checks.target import broker_of

    return partial(look_at_broker, broker_of(args, broker)), "one broker, without a daemon"


def _once(look: Callable[[], Sight], where: str, choice: Choice, form: str) -> int:
    try:
        sight = look()
    except LookError as error:
        print(f"queue-monitor top: {error}", file=sys.stderr)
        return 1
    if form == "json":
        print(json.dumps(choice.of(sight).plain(), indent=2))
    else:
        from rich.console import Console

        from monitor.top.screen import drawn

        console = Console(width=None if sys.stdout.isatty() else _WIDTH)
        console.print(drawn(sight, choice, where, "", width=console.width))
    return 0 if all(broker.up for broker in sight.brokers) else 1


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.1 to 3600")
    return seconds

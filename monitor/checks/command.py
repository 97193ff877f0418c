"""`queue-monitor check`: the plugin that Nagios, Icinga and their kin start.

Asks a daemon, or looks at a broker once; prints what came of it, and exits by it: 0 fine,
1 warning, 2 critical, 3 when it cannot know, which includes wrong usage and a timeout.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import NoReturn

from monitor import __version__
from monitor.checks.ask import AskError, ask
from monitor.checks.login import DEFAULT_URL, add_broker_arguments, add_login_arguments, daemon_of
from monitor.checks.output import rendered
from monitor.checks.question import SCOPES, Question, QuestionError, question
from monitor.checks.result import UNKNOWN, Result, unknown

_TIMEOUT_SECONDS = 10.0
_LONGEST_SECONDS = 3600.0
_ANSWER_PART = 0.8
"""Of the time there is: who is asked has less, so that the plugin can say who was late."""

_WITHOUT_DAEMON = ("queues", "workers", "broker")
_SUMMARIES: Mapping[str, str] = {
    "queues": "the alerts on queues, or a fact such as their length",
    "workers": "whether workers live, or how many",
    "broker": "whether the broker can be read and takes writes",
    "tasks": "the alerts on tasks, or a fact of theirs",
    "logs": "the alerts on logs of tasks, or a fact of theirs",
    "alerts": "whether alerts fire, or how many",
}
_RANGES = ("-w", "--warning", "-c", "--critical")


class _Parser(argparse.ArgumentParser):
    """One that ends as the guidelines say: with 3, also after help. 2 would be critical."""

    def error(self, message: str) -> NoReturn:
        raise QuestionError(message)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:  # noqa: ARG002  # argparse passes its own
        super().exit(UNKNOWN, message)


def main(
    argv: Sequence[str],
    *,
    app_broker: str | None = None,
    app_transport_options: Mapping[str, object] | None = None,
) -> int:
    """Run the check that `argv`, what follows `check`, asks for; return the exit status.

    `app_broker` and `app_transport_options` are those of a Celery app, for `celery -A`: where
    to look when the command line does not say.
    """
    began = time.monotonic()
    kind = next((word for word in argv if word in SCOPES), "check")
    verbosity, asked_whom = 0, ""
    deadline: threading.Timer | None = None
    try:
        args = parser_of(argv).parse_args(_joined(argv))
        if app_broker and not (args.url or args.broker) and kind in _WITHOUT_DAEMON:
            args.broker = app_broker
            args.transport_options = args.transport_options or app_transport_options
        verbosity = args.verbose
        asked_whom = "the broker" if args.broker else args.url or DEFAULT_URL
        deadline = _deadline(kind, args.timeout)
        result = _result(args)
    except (QuestionError, AskError) as error:
        result = unknown(kind, str(error))
    except KeyboardInterrupt:
        result = unknown(kind, "interrupted")
    except Exception as error:
        # Python would exit with 1, which a checker takes for a warning about the service.
        result = unknown(kind, f"a defect of the plugin: {type(error).__name__}: {error}")
    finally:
        if deadline is not None:
            deadline.cancel()
    _say(rendered(result, verbosity, [f"asked {asked_whom} for {time.monotonic() - began:.3f} s"]))
    return result.level


def _result(args: argparse.Namespace) -> Result:
    """Return what came of the check. Raises QuestionError or AskError."""
    asked = question(
        args.kind,
        args.names,
        fact=args.fact or "",
        warning=args.warning,
        critical=args.critical,
        expect=args.expect,
    )
    answer_seconds = args.timeout * _ANSWER_PART
    if args.broker:
        return _looked(args, asked, answer_seconds)
    return ask(daemon_of(args), asked, answer_seconds)


def _looked(args: argparse.Namespace, asked: Question, answer_seconds: float) -> Result:
    if asked.kind not in _WITHOUT_DAEMON:
        raise QuestionError(f"{asked.kind} are known to a daemon only: give --url, not --broker")
    # Only now: who asks a daemon need not wait for these.
    from monitor.checks.direct import look
    from monitor.checks.judge import judge
    from monitor.checks.known import Known
    from monitor.checks.target import broker_of

    seen = look(broker_of(args, args.broker), asked.kind, asked.names, answer_seconds)
    return judge(asked, Known(snapshot=seen, now=seen.at, poll_interval_seconds=answer_seconds))


def parser_of(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of the command line `words`; only kinds that it names are declared."""
    parser = _Parser(
        prog="queue-monitor check",
        description="A plugin for Nagios and its kin. Exit status: 0 fine, 1 warning, "
        "2 critical, 3 not known.",
        epilog="example: queue-monitor check queues --queue high --warning 100 --critical 500",
    )
    parser.add_argument("-V", "--version", action="version", version=f"queue-monitor {__version__}")
    kinds = parser.add_subparsers(metavar="KIND", dest="kind", required=True)
    for kind in SCOPES:
        summary = _SUMMARIES[kind]
        one = kinds.add_parser(kind, help=f"check {summary}", description=f"Check {summary}.")
        if kind in words:
            _add_arguments(one, kind)
    return parser


def _add_arguments(parser: argparse.ArgumentParser, kind: str) -> None:
    alias = [] if kind == "broker" else [f"--{SCOPES[kind]}"]
    parser.add_argument(
        *alias, "--name", metavar="NAME", dest="names", action="append", default=[],
        help="only what is called so; a glob, may be repeated",
    )  # fmt: skip
    parser.add_argument("--fact", metavar="F", help="what the ranges are about, as in the metrics")
    parser.add_argument("-w", "--warning", metavar="RANGE", help="warn outside of this range")
    parser.add_argument("-c", "--critical", metavar="RANGE", help="critical outside of this range")
    parser.add_argument("--expect", metavar="N", help="workers: critical with fewer live ones")
    add_login_arguments(parser)
    add_broker_arguments(parser)
    parser.add_argument(
        "-t", "--timeout", metavar="SECONDS", type=_seconds, default=_TIMEOUT_SECONDS,
        help=f"give up after this ({_TIMEOUT_SECONDS:g})",
    )  # fmt: skip
    parser.add_argument(
        "-v", "--verbose", action="count", default=0,
        help="name all that is wrong; -vv a line each; -vvv how it was asked",
    )  # fmt: skip
    parser.add_argument("-V", "--version", action="version", version=f"queue-monitor {__version__}")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _joined(argv: Sequence[str]) -> list[str]:
    """Return `argv` with each range in one word with its option: `-5:` looks like an option."""
    joined: list[str] = []
    words = iter(argv)
    for word in words:
        value = next(words, None) if word in _RANGES else None
        long = f"--{'warning' if 'w' in word[:3] else 'critical'}" if value is not None else word
        joined.append(word if value is None else f"{long}={value}")
    return joined


def _deadline(kind: str, seconds: float) -> threading.Timer:
    """Let the process end when its time is over, whatever it waits for.

    By a thread, because a look-up of a host name is not interrupted by a signal.
    """

    def end() -> None:
        _say(rendered(unknown(kind, f"no answer within {seconds:g} s"), 0))
        os._exit(UNKNOWN)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer


def _say(text: str) -> None:
    # As bytes: what a queue is called need not fit the encoding of the terminal.
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()

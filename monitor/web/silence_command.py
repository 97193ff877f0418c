"""`queue-monitor silence add|list|expire`: silences of a running daemon, over its API.

Called by `cli.py`. Exit status: 0 done, 1 the daemon cannot be reached or refused, 2 usage.
"""

import argparse
import getpass
import json
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from monitor.alerts.matchers import Matcher, MatcherError, parse_matchers
from monitor.checks.ask import AskError, request
from monitor.checks.login import add_login_arguments, daemon_of
from monitor.checks.question import QuestionError
from monitor.values.moments import format_moment
from monitor.values.units import parse_duration

_ANSWER_SECONDS = 10.0
_BAD_USAGE = 2


class _ApiError(Exception):
    """The daemon did not do it; the message says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their options."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser(
        "add",
        help="silence the alerts that meet all matchers",
        description="Silence the alerts that meet all matchers, from now on; prints the ID.",
        epilog="example: queue-monitor silence add WorkerDead queue_name=high "
        "--duration 30m --comment deploy",
    )
    add.add_argument(
        "matchers",
        metavar="MATCHER",
        nargs="+",
        help="like queue_name=high or 'hostname=~\"web.*\"'; a bare word is an alert's name",
    )
    add.add_argument(
        "--duration", metavar="D", default="1h", help="how long, such as 30m (default: 1h)"
    )
    add.add_argument("--comment", metavar="TEXT", required=True, help="why, for the others")
    add.add_argument("--author", metavar="NAME", help="who (default: your login name)")
    shown = actions.add_parser(
        "list",
        help="list the silences that hold or are to come",
        description="List the silences that hold or are to come, each with its ID.",
    )
    shown.add_argument("--expired", action="store_true", help="list those that are over instead")
    expire = actions.add_parser(
        "expire",
        help="end silences at once",
        description="End silences at once: what they muted and still fires is told.",
    )
    expire.add_argument("ids", metavar="ID", nargs="+", help="as `add` printed it")
    for action, run in ((add, _add), (shown, _list), (expire, _expire)):
        add_login_arguments(action)
        action.set_defaults(run=_reported(run))


def _reported(run: Callable[[argparse.Namespace], None]) -> Callable[[argparse.Namespace], int]:
    def reported(args: argparse.Namespace) -> int:
        try:
            run(args)
        except (MatcherError, QuestionError, ValueError) as error:
            print(f"queue-monitor silence: {error}", file=sys.stderr)
            return _BAD_USAGE
        except (_ApiError, AskError) as error:
            print(f"queue-monitor silence: {error}", file=sys.stderr)
            return 1
        return 0

    return reported


def _add(args: argparse.Namespace) -> None:
    matchers = [matcher for text in args.matchers for matcher in _matchers(text)]
    seconds = parse_duration(args.duration)
    now = time.time()
    answer = _ask(
        args,
        "POST",
        "silences",
        {
            "matchers": [
                {
                    "name": matcher.name,
                    "value": matcher.value,
                    "isRegex": matcher.is_regex,
                    "isEqual": matcher.is_equal,
                }
                for matcher in matchers
            ],
            "startsAt": format_moment(now),
            "endsAt": format_moment(now + seconds),
            "createdBy": args.author or getpass.getuser(),
            "comment": args.comment,
        },
    )
    print(answer["silenceID"])


def _matchers(text: str) -> tuple[Matcher, ...]:
    # As amtool has it.
    if text.isidentifier():
        return (Matcher("alertname", "=", text),)
    return parse_matchers(text)


def _list(args: argparse.Namespace) -> None:
    for silence in _ask(args, "GET", "silences"):
        if (silence["status"]["state"] == "expired") != args.expired:
            continue
        matchers = ", ".join(map(_text, silence["matchers"]))
        print(
            f"{silence['id']}  {silence['status']['state']}  until {silence['endsAt']}  "
            f"{{{matchers}}}  {silence['createdBy']}: {silence['comment']}"
        )


def _text(matcher: dict[str, Any]) -> str:
    op = (
        ("=~" if matcher["isEqual"] else "!~")
        if matcher["isRegex"]
        else ("=" if matcher["isEqual"] else "!=")
    )
    return f"{matcher['name']}{op}{json.dumps(matcher['value'], ensure_ascii=False)}"


def _expire(args: argparse.Namespace) -> None:
    for silence_id in args.ids:
        _ask(args, "DELETE", f"silence/{quote(silence_id, safe='')}")


def _ask(args: argparse.Namespace, method: str, path: str, document: object = None) -> Any:
    """Return what the API answers. Raises _ApiError, AskError, QuestionError."""
    daemon = daemon_of(args)
    body = None if document is None else json.dumps(document).encode()
    answer = request(daemon, method, f"/api/v2/{path}", _ANSWER_SECONDS, body)
    if answer.status != 200:
        raise _ApiError(f"{daemon.url} answers {answer.status}: {_reason(answer.body)}")
    try:
        return json.loads(answer.body) if answer.body else None
    except ValueError as error:
        raise _ApiError(f"{daemon.url} does not answer as queue-monitor does") from error


def _reason(answer: bytes) -> str:
    try:
        said = json.loads(answer)
    except ValueError:
        said = None
    return said if isinstance(said, str) else "no reason given"

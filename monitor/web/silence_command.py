"""`queue-monitor silence add|list|expire`: silences of a running daemon, over its API.

Called by `cli.py`. Exit status: 0 done, 1 the daemon cannot be reached or refused, 2 usage.
"""

import argparse
import getpass
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

from msgspec import DecodeError, Struct, json

from monitor.alerts.matchers import Matcher, MatcherError, parse_matchers
from monitor.checks.ask import AskError, Daemon, request
from monitor.checks.login import add_login_arguments, daemon_of
from monitor.checks.question import QuestionError
from monitor.values.moments import format_moment
from monitor.values.names import as_utf8, bounded, printable
from monitor.values.units import parse_duration
from monitor.web.alertmanager_json import PostedMatcher, PostedSilence

_ANSWER_SECONDS = 10.0
_REASON_BYTES = 1_000
_BAD_USAGE = 2


Answered = TypeVar("Answered")


class _Added(Struct, rename={"silence_id": "silenceID"}):
    silence_id: str


class _Status(Struct):
    state: str


class _Listed(PostedSilence, rename="camel", kw_only=True):
    status: _Status


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


def _reported(
    run: Callable[[argparse.Namespace, Daemon], None],
) -> Callable[[argparse.Namespace], int]:
    def reported(args: argparse.Namespace) -> int:
        try:
            # Once: a file that is a pipe gives the password to the first who reads it.
            run(args, daemon_of(args))
        except (MatcherError, QuestionError, ValueError, OverflowError) as error:
            print(f"queue-monitor silence: {error}", file=sys.stderr)
            return _BAD_USAGE
        except (_ApiError, AskError) as error:
            print(f"queue-monitor silence: {error}", file=sys.stderr)
            return 1
        return 0

    return reported


def _add(args: argparse.Namespace, daemon: Daemon) -> None:
    matchers = [matcher for text in args.matchers for matcher in _matchers(as_utf8(text))]
    now = time.time()
    posted = PostedSilence(
        matchers=[
            PostedMatcher(name=m.name, value=m.value, is_regex=m.is_regex, is_equal=m.is_equal)
            for m in matchers
        ],
        starts_at=datetime.fromtimestamp(now, UTC),
        ends_at=datetime.fromtimestamp(now + parse_duration(args.duration), UTC),
        created_by=as_utf8(args.author or getpass.getuser()),
        comment=as_utf8(args.comment),
    )
    answer = _decoded(daemon, _ask(daemon, "POST", "silences", json.encode(posted)), _Added)
    print(printable(answer.silence_id))


def _matchers(text: str) -> tuple[Matcher, ...]:
    # As amtool has it.
    if text.isidentifier():
        return (Matcher("alertname", "=", text),)
    return parse_matchers(text)


def _list(args: argparse.Namespace, daemon: Daemon) -> None:
    for silence in _decoded(daemon, _ask(daemon, "GET", "silences"), list[_Listed]):
        state = silence.status.state
        if (state == "expired") != args.expired:
            continue
        matchers = ", ".join(map(str, silence.draft().matchers))
        until = format_moment(silence.ends_at.timestamp())
        who = f"{silence.created_by}: {silence.comment}"
        print(printable(f"{silence.id}  {state}  until {until}  {{{matchers}}}  {who}"))


def _expire(args: argparse.Namespace, daemon: Daemon) -> None:
    for silence_id in args.ids:
        _ask(daemon, "DELETE", f"silence/{quote(silence_id, safe='')}")


def _ask(daemon: Daemon, method: str, path: str, body: bytes | None = None) -> bytes:
    """Return what the API answers. Raises _ApiError, AskError."""
    answer = request(daemon, method, f"/api/v2/{path}", _ANSWER_SECONDS, body)
    if answer.status != 200:
        raise _ApiError(f"{daemon.url} answers {answer.status}: {_reason(answer.body)}")
    return answer.body


def _decoded(daemon: Daemon, body: bytes, kind: type[Answered]) -> Answered:
    """Return the document in `body`. Raises _ApiError."""
    try:
        return json.decode(body, type=kind)
    except (DecodeError, RecursionError) as error:
        raise _ApiError(f"{daemon.url} does not answer as queue-monitor does") from error


def _reason(answer: bytes) -> str:
    try:
        return bounded(printable(json.decode(answer, type=str)), _REASON_BYTES)
    except (DecodeError, RecursionError):
        return "no reason given"

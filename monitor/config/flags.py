"""Settings from the command line, and the broker that stands alone in a variable.

`queue-monitor run --broker redis://web1/0` needs no settings file, nor does a container that
has CELERY_BROKER_URL set for its workers.
"""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from typing import TypedDict

from monitor.broker.address import parse_url
from monitor.broker.settings import TransportOptions
from monitor.config.document import Node
from monitor.config.environment import BROKER_URL
from monitor.config.overlay import put
from monitor.config.problem import Path, Place, Problem
from monitor.values.secret import Secret

CELERY_BROKER_URL = "CELERY_BROKER_URL"

_OPTIONS = {field.name for field in dataclasses.fields(TransportOptions)}


class Flags(TypedDict, total=False):
    """What the command line says; a flag that is left out is absent, None or empty."""

    broker: Sequence[str] | None
    """URLs of `--broker`; they replace all brokers of weaker sources."""
    app_broker: str | None
    """URL of the app of `celery -A`, where neither `broker` nor the settings name a broker."""
    transport_options: Mapping[str, object] | None
    """The app's `broker_transport_options`, for `app_broker`."""
    schedules: Sequence[Mapping[str, str]]
    """The schedules of the app of `celery -A`, where no weaker source gives any."""
    listen: str | None
    state: str | None
    log_level: str | None
    log_format: str | None


def flags_of(args: argparse.Namespace) -> Flags:
    """Return what the arguments of `run` say; a Celery app's options come with its broker."""
    return {
        "broker": args.broker,
        "app_broker": getattr(args, "app_broker", None),
        "transport_options": getattr(args, "transport_options", None),
        "schedules": getattr(args, "schedules", ()),
        "listen": args.listen,
        "state": args.state,
        "log_level": args.log_level,
        "log_format": args.log_format,
    }


def lay_flags(tree: Node, flags: Flags, problems: list[Problem]) -> None:
    """Lay the settings of `flags` over `tree`."""
    single: tuple[tuple[str, Path, str | None], ...] = (
        ("--listen", ("web", "listen"), flags.get("listen")),
        ("--state", ("state", "file"), flags.get("state")),
        ("--log-level", ("log", "level"), flags.get("log_level")),
        ("--log-format", ("log", "format"), flags.get("log_format")),
    )
    for flag, path, text in single:
        if text is not None:
            put(tree, path, _text(text, Place.on_command_line(flag)), problems)
    urls = flags.get("broker") or ()
    if urls:
        place = Place.on_command_line("--broker")
        put(tree, ("brokers",), _brokers(urls, place, {}), problems)
    schedules = flags.get("schedules") or ()
    if schedules and tree.child("schedules") is None:
        place = Place.on_command_line("-A")
        put(tree, ("schedules",), _from_python(schedules, place), problems)


def lay_lone_broker(
    tree: Node, environ: Mapping[str, str], flags: Flags, problems: list[Problem]
) -> bool:
    """Where no broker is named, take QUEUE_MONITOR_BROKER_URL, the app's or CELERY_BROKER_URL.

    Return whether a broker is named now.
    """
    brokers = tree.child("brokers")
    if brokers is not None and brokers.value not in (None, []):
        return True
    # A running app's options need no check of their spelling; what is not ours is its own.
    given = flags.get("transport_options") or {}
    options = {name: value for name, value in given.items() if name in _OPTIONS}
    sources: tuple[tuple[str | None, Place, Mapping[str, object]], ...] = (
        (environ.get(BROKER_URL), Place.in_environment(BROKER_URL), {}),
        (flags.get("app_broker"), Place.on_command_line("-A"), options),
        (environ.get(CELERY_BROKER_URL), Place.in_environment(CELERY_BROKER_URL), {}),
    )
    for url, place, options_of_it in sources:
        if url:
            put(tree, ("brokers",), _brokers((url,), place, options_of_it), problems)
            return True
    return False


def _brokers(urls: Sequence[str], place: Place, options: Mapping[str, object]) -> Node:
    """Return the brokers of `urls`: one alone is called `default`, several by where they are."""
    items = []
    for number, url in enumerate(urls, 1):
        entries = {"url": _text(url, place)}
        if len(urls) > 1:
            # Where a URL is refused, with advice, nothing is to be said of its name.
            entries["name"] = _text(_address(url) or f"broker {number}", place)
        if options:
            entries["transport_options"] = _from_python(options, place)
        items.append(Node(dict(entries), place))
    return Node(items, place)


def _address(url: str) -> str | None:
    """Return `host:port/db`, or a socket's path: a name that does not hang on the order."""
    try:
        # Of several sentinels the first is as good a name as any.
        address = parse_url(Secret(url))
    except ValueError:
        return None
    return address.path or f"{address.host}:{address.port}/{address.db}"


def _text(text: str, place: Place) -> Node:
    return Node(text, place, written=text)


def _from_python(value: object, place: Place) -> Node:
    match value:
        case Mapping():
            return Node({str(k): _from_python(v, place) for k, v in value.items()}, place)
        case list() | tuple():
            return Node([_from_python(item, place) for item in value], place)
        case str() | bool() | int() | float() | None:
            return Node(value, place, written=str(value))
    return Node(str(value), place)

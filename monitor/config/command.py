"""`queue-monitor config check|show|schema`. Called by `cli.py`, which wires the arguments.

Each function takes the parsed arguments of `run`, so that it judges what `run` would see, and
returns the exit status: 0 fine, 2 bad settings.
"""

import argparse
import json
import os
import sys

from monitor.config.flags import flags_of
from monitor.config.load import load
from monitor.config.problem import ConfigError
from monitor.config.schema import schema as make_schema
from monitor.config.settings import Settings
from monitor.config.show import show as written


def check(args: argparse.Namespace) -> int:
    """Say whether the settings can be used, and if not, everything that is wrong."""
    settings = _load(args)
    if settings is None:
        return 2
    counts = (
        _count(len(settings.brokers), "broker"),
        _count(len(settings.alerts.rules), "rule"),
        _count(len(settings.channels), "channel"),
    )
    print(f"{args.config or 'settings'}: fine: {', '.join(counts)}")
    return 0


def show(args: argparse.Namespace) -> int:
    """Print every setting as it is in effect, with secrets starred out."""
    settings = _load(args)
    if settings is None:
        return 2
    print(written(settings), end="")
    return 0


def schema(_args: argparse.Namespace) -> int:
    """Print the JSON Schema of the settings file."""
    print(json.dumps(make_schema(), indent=2))
    return 0


def _load(args: argparse.Namespace) -> Settings | None:
    try:
        return load(args.config, os.environ, flags_of(args))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""The command line: `queue-monitor COMMAND`. Exit status: 0 fine, 1 failed, 2 usage or config."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from monitor import __version__

_BAD_USAGE = 2
_INTERRUPTED = 130
"""What a shell reports of a program that was ended by Ctrl-C."""


def main(
    argv: Sequence[str] | None = None,
    *,
    app_broker: str | None = None,
    app_transport_options: Mapping[str, object] | None = None,
    app_schedules: Sequence[Mapping[str, str]] = (),
) -> int:
    """Run the command that `argv` (without the program's name) names; return the exit status.

    `app_broker`, `app_transport_options` and `app_schedules` are those of a Celery app, for
    `celery -A`: what to watch where neither the command line nor the settings name a broker.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["check"]:
        from monitor.checks import command

        # It has an exit status of its own for everything, wrong usage included.
        return command.main(
            words[1:], app_broker=app_broker, app_transport_options=app_transport_options
        )
    args = parser_of(words).parse_args(words)
    if app_broker and not getattr(args, "broker", None):
        args.app_broker = app_broker
        args.transport_options = getattr(args, "transport_options", None) or app_transport_options
        args.schedules = app_schedules
    run: Callable[[argparse.Namespace], int] = args.run
    try:
        return run(args)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parser_of(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of the command line `words`.

    Only the commands that these name are declared in full: every command imports what it
    needs, and none waits for what another needs.
    """
    parser = argparse.ArgumentParser(
        prog="queue-monitor", description="Watches Celery on Redis or Valkey."
    )
    parser.add_argument("--version", action="version", version=f"queue-monitor {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (summary, declare) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=_sentence(summary))
        if name in words:
            declare(command)
    return parser


def _sentence(summary: str) -> str:
    """Return `summary` as a command's own --help begins with it."""
    return f"{summary[0].upper()}{summary[1:]}."


def _declare_run(parser: argparse.ArgumentParser) -> None:
    _add_run_arguments(parser)
    parser.set_defaults(run=_run_daemon)


def _declare_demo(parser: argparse.ArgumentParser) -> None:
    from monitor.demo import command

    command.add_arguments(parser)
    parser.set_defaults(run=command.run)


def _declare_reference_app(parser: argparse.ArgumentParser) -> None:
    from monitor.reference_app import command

    command.add_arguments(parser)
    parser.set_defaults(run=command.run)


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `run`."""
    parser.add_argument("--config", metavar="FILE", help="settings, as in config.example.yaml")
    parser.add_argument(
        "--broker", metavar="URL", action="append", help="a broker to watch; may be repeated"
    )
    parser.add_argument("--listen", metavar="HOST:PORT", help="where to serve (0.0.0.0:9808)")
    parser.add_argument("--state", metavar="FILE", help="where to keep what outlives a restart")
    parser.add_argument("--log-level", metavar="LEVEL", help="debug, info, warning or error")
    parser.add_argument("--log-format", metavar="FORMAT", help="logfmt or json")


def _run_daemon(args: argparse.Namespace) -> int:
    # Imported here, because every other command must start fast.
    import asyncio

    from monitor import journal
    from monitor.channels.base import ChannelError
    from monitor.config.flags import flags_of
    from monitor.config.load import load
    from monitor.config.problem import ConfigError
    from monitor.config.settings import Settings
    from monitor.daemon import Daemon
    from monitor.state.store import StateError
    from monitor.web.security import AccessError
    from monitor.web.server import ListenError

    def read() -> Settings:
        return load(args.config, os.environ, flags_of(args))

    try:
        settings = read()
        journal.set_up(settings.log)
        asyncio.run(Daemon(settings, os.environ, read).run())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return _BAD_USAGE
    except (AccessError, ListenError, StateError, ChannelError) as error:
        print(f"queue-monitor: {error}", file=sys.stderr)
        return _BAD_USAGE
    return 0


def _declare_notify(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    action = actions.add_parser(
        "test",
        help="send a test alert and its end to one channel",
        description="Send a test alert and its end to one channel, and say what came of it.",
        epilog="example: queue-monitor notify test slack --config config.yaml",
    )
    action.add_argument("channel", metavar="CHANNEL", help="its name in the settings")
    _add_run_arguments(action)
    action.set_defaults(run=_run_notify_test)


def _run_notify_test(args: argparse.Namespace) -> int:
    import asyncio

    from monitor.channels.base import ChannelError
    from monitor.channels.trial import try_channel_of
    from monitor.config.flags import flags_of
    from monitor.config.load import load
    from monitor.config.problem import ConfigError

    try:
        settings = load(args.config, os.environ, flags_of(args))
        chosen = [each for each in settings.channels if each.name == args.channel]
        if not chosen:
            known = ", ".join(each.name for each in settings.channels) or "none"
            print(f"queue-monitor: no channel {args.channel!r}: there is {known}", file=sys.stderr)
            return _BAD_USAGE
        return 0 if asyncio.run(try_channel_of(chosen[0], time.time(), print)) else 1
    except ConfigError as error:
        print(error, file=sys.stderr)
        return _BAD_USAGE
    except ChannelError as error:
        print(f"queue-monitor: {error}", file=sys.stderr)
        return _BAD_USAGE


def _declare_config(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, summary in (
        ("check", "read the settings and say what is wrong with them"),
        ("show", "print every setting as it is in force, secrets masked"),
        ("schema", "print the JSON Schema of the settings, for editors"),
    ):
        action = actions.add_parser(name, help=summary, description=_sentence(summary))
        if name != "schema":
            _add_run_arguments(action)
        action.set_defaults(run=_run_config, action=name)


def _run_config(args: argparse.Namespace) -> int:
    from monitor.config import command

    run: Callable[[argparse.Namespace], int] = getattr(command, args.action)
    return run(args)


def _declare_rules(parser: argparse.ArgumentParser) -> None:
    from monitor.config import rules_command

    rules_command.add_arguments(parser)


def _declare_silence(parser: argparse.ArgumentParser) -> None:
    from monitor.web import silence_command

    silence_command.add_arguments(parser)


def _declare_top(parser: argparse.ArgumentParser) -> None:
    from monitor.top import command

    command.add_arguments(parser)


COMMANDS: Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "run": ("run the monitor", _declare_run),
    "demo": ("watch a broker, workers and faults made for show", _declare_demo),
    "check": ("a plugin for Nagios and its kin", lambda _parser: None),
    "top": ("queues and workers in the terminal, the worst first", _declare_top),
    "config": ("check and show the settings", _declare_config),
    "rules": ("list, export and test the alerting rules", _declare_rules),
    "silence": ("add, list and expire silences of a running monitor", _declare_silence),
    "notify": ("send a test alert and its end to a channel", _declare_notify),
    "reference-app": ("the example application's workers and tasks", _declare_reference_app),
}
"""What each command is for, and what declares its options."""

"""Writes `docs/commands.md` from the parsers of the command line: `python -m docs.commands`.

A test compares the file with what this makes, so that the two cannot drift apart.
"""

import argparse
from collections.abc import Iterable, Iterator

from monitor import cli
from monitor.checks import command as check
from monitor.checks.question import SCOPES

_HEAD = """\
# Commands

`queue-monitor COMMAND --help` says the same in a terminal. `python -m monitor COMMAND` is the same
program, and so is `celery -A proj queue-monitor COMMAND`, which takes broker and transport options
from the app where neither an option nor the settings name a broker.

| exit status | |
|---|---|
| 0 | fine |
| 1 | it failed: a test of rules, a notice that did not arrive, a daemon that cannot be reached |
| 2 | wrong usage or settings, a port that is taken among them |
| 130 | interrupted by Ctrl-C, where that is not the way to end it |

`check` has those of a Nagios plugin instead: [checks.md](checks.md).

Every setting has a variable ([settings.md](settings.md)). Besides these the environment says

| variable | |
|---|---|
| `QUEUE_MONITOR_BROKER_URL`, else `CELERY_BROKER_URL` | the broker, where no other is named |
| `STATE_DIRECTORY`, else `XDG_STATE_HOME`, else `HOME` | where the state is, without `--state` |
| `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID` | by systemd: whom to tell how things are |

and for the reference app ([reference-app.md](reference-app.md))

| variable | |
|---|---|
| `CELERY_BROKER_URL` | its broker |
| `REFERENCE_APP_FOLDER`, else `XDG_DATA_HOME` | where it keeps what it has |
| `REFERENCE_APP_MAIL_SECONDS` | how long a mail takes (0.4) |
| `REFERENCE_APP_CANARY_SECONDS` | how often beat sends `canary` (60) |
| `REFERENCE_APP_PARTNER_URL` | the API of the partner (http://127.0.0.1:8001) |
| `CELERY_TASK_ALWAYS_EAGER` | true: tasks run at once where they are sent, without a broker |
| `SENTRY_DSN` | where errors of its tasks are sent |
| `DJANGO_SECRET_KEY` | of the example of a Django site |
"""


_Parser = argparse.ArgumentParser


def commands_reference() -> str:
    """Return the whole document, in Markdown."""
    sections = (
        _checks() if parser.prog == "queue-monitor check" else _section(parser)
        for parser in _below(cli.parser_of([*cli.COMMANDS]))
    )
    return "\n".join([_HEAD, *sections])


def _below(parser: _Parser) -> Iterator[_Parser]:
    """Yield the commands below `parser` that have none below themselves."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from [*_below(command)] or [command]


def _section(parser: _Parser) -> str:
    return f"## `{parser.prog}`\n\n{parser.description}\n{_table(_rows(parser))}"


def _checks() -> str:
    """Return one section for the checks of every kind, which differ in little."""
    kinds = [*_below(check.parser_of([*SCOPES]))]
    purposes = "".join(f"- `{kind.prog}`: {kind.description}\n" for kind in kinds)
    rows = sorted(
        dict.fromkeys(row for kind in kinds for row in _rows(kind)),
        key=lambda row: "`--name " not in row,
    )
    return f"## `queue-monitor check`\n\n{purposes}{_table(rows)}"


def _rows(parser: _Parser) -> Iterator[str]:
    for action in parser._actions:
        if action.help != argparse.SUPPRESS and action.dest not in ("help", "version"):
            value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
            names = ", ".join(f"`{name}{value}`" for name in action.option_strings)
            yield f"| {names or f'`{value.strip()}`'} | {_purpose(action)} |\n"


def _purpose(action: argparse.Action) -> str:
    """Return what an option or argument is for, and what can stand there."""
    said = action.help or ""
    choices = [] if action.metavar else [str(choice) for choice in action.choices or ()]
    unsaid = ", ".join(f"`{choice}`" for choice in choices if choice not in said)
    return ": ".join(filter(None, (said, unsaid)))


def _table(rows: Iterable[str]) -> str:
    text = "".join(rows)
    return f"\n| option | |\n|---|---|\n{text}" if text else ""


if __name__ == "__main__":
    print(commands_reference(), end="")

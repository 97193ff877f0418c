"""Load the settings: file, environment and flags together.

Called by `cli.py` before anything is started, so that a mistake ends with one message for
every problem and nothing half-started.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path as FilePath

from monitor.config.checks import check
from monitor.config.document import Node, NotYamlError, Source, read_document
from monitor.config.environment import lay_environment
from monitor.config.flags import Flags, lay_flags, lay_lone_broker
from monitor.config.placed import is_written
from monitor.config.problem import NOWHERE, ConfigError, Place, Problem, quoted
from monitor.config.settings import Settings
from monitor.config.shape import root
from monitor.config.validate import validate

_FILE_MAX_BYTES = 1_000_000
_TIMEOUT_PART = 0.8


def load(
    path: FilePath | str | None, environ: Mapping[str, str], flags: Flags | None = None
) -> Settings:
    """Return the settings of the file at `path` (None: no file), `environ` and `flags`.

    Raises ConfigError with all problems that were found.
    """
    problems: list[Problem] = []
    tree = read_file(str(path), environ, problems) if path is not None else Node({}, NOWHERE)
    lay_environment(tree, environ, problems)
    flags = flags or {}
    lay_flags(tree, flags, problems)
    has_broker = lay_lone_broker(tree, environ, flags, problems)
    settings: Settings | None = validate(root(), tree, problems)
    if settings is not None:
        settings = _with_fitting_timeout(settings, tree)
        # What is wrong in itself was taken out above; its default is not to blame for anything.
        reported = {problem.path for problem in problems}
        problems += [each for each in check(settings, tree) if each.path not in reported]
    if not has_broker:
        problems.append(_no_broker(tree))
    if problems or settings is None:
        raise ConfigError(problems)
    return settings


def read_file(name: str, environ: Mapping[str, str] | None, problems: list[Problem]) -> Node:
    """Return the tree of a YAML file; empty when the file is. Raises ConfigError.

    `environ` is what `${NAME}` stands for; None leaves it as it is.
    """
    source = Source(_read_text(name), lambda *at: Place.in_file(name, *at), environ=environ)
    try:
        tree = read_document(source, problems)
    except NotYamlError as error:
        raise ConfigError([*problems, error.problem]) from None
    if tree is None or tree.value is None:
        return Node({}, Place.in_file(name))
    if not isinstance(tree.value, dict):
        message = "expected a mapping such as 'brokers: [...]'"
        raise ConfigError([*problems, Problem(tree.place, (), message)])
    return tree


def _read_text(name: str) -> str:
    try:
        with FilePath(name).open("rb") as file:
            content = file.read(_FILE_MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(name, f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise _unreadable(quoted(name), "is not the name of a file") from None
    if len(content) > _FILE_MAX_BYTES:
        raise _unreadable(name, f"is larger than {_FILE_MAX_BYTES} bytes: not a settings file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = error.start - before.rfind(b"\n")
        raise _unreadable(name, "is not UTF-8 here", before.count(b"\n") + 1, column) from None


def _unreadable(name: str, message: str, line: int = 0, column: int = 0) -> ConfigError:
    return ConfigError([Problem(Place.in_file(name, line, column), (), message)])


def _no_broker(tree: Node) -> Problem:
    message = (
        "no broker is named: list one here, or give --broker URL, "
        "QUEUE_MONITOR_BROKER_URL or CELERY_BROKER_URL"
    )
    return Problem(tree.place, ("brokers",), message)


def _with_fitting_timeout(settings: Settings, tree: Node) -> Settings:
    """Return `settings` with a default poll timeout that fits an interval shorter than it."""
    poll = settings.poll
    if poll.timeout < poll.interval or is_written(tree, ("poll", "timeout")):
        return settings
    fitting = dataclasses.replace(poll, timeout=poll.interval * _TIMEOUT_PART)
    return dataclasses.replace(settings, poll=fitting)

"""What is wrong with the settings, and where it was written.

Every part of `config` reports problems instead of raising at the first, so that a user sees
all of them at once. Messages never hold a secret: `quoted()` is the only way a value gets
into one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

Path = tuple[str | int, ...]
"""The keys and list positions that lead from the root to a setting."""

# One slash is enough: a URL that is misspelt hides no less.
_URL_TAIL = re.compile(r":/.*", re.DOTALL)
_LOGIN = re.compile(r".*@", re.DOTALL)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,79}")
_QUOTED_LENGTH = 60
_LINES = 100

_FILE, _ENVIRONMENT, _COMMAND_LINE = range(3)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written. Places sort as a user reads them: the file from its top,
    the environment by name, the command line."""

    rank: int
    source: str
    line: int = 0
    """From 1; 0 where there are no lines."""
    column: int = 0
    """From 1."""

    @classmethod
    def in_file(cls, name: str, line: int = 0, column: int = 0) -> Self:
        """Return a place in a file, or the file as a whole."""
        return cls(_FILE, name, line, column)

    @classmethod
    def in_environment(cls, variable: str) -> Self:
        """Return the place of an environment variable."""
        return cls(_ENVIRONMENT, f"environment {variable}")

    @classmethod
    def on_command_line(cls, flag: str) -> Self:
        """Return the place of a command-line flag."""
        return cls(_COMMAND_LINE, flag)

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


NOWHERE = Place(_COMMAND_LINE, "")
"""The place of what nobody wrote."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: where it is, which setting it is about, and what to do."""

    place: Place
    path: Path
    message: str

    def __str__(self) -> str:
        parts = (str(self.place), written_path(self.path), self.message)
        return ": ".join(part for part in parts if part)


class ConfigError(Exception):
    """The settings cannot be used. Its text has a line for each of the first `problems`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=_reading_order))
        lines = [str(problem) for problem in self.problems[:_LINES]]
        if len(self.problems) > _LINES:
            lines.append(f"and {len(self.problems) - _LINES} more")
        super().__init__("\n".join(lines))


def _reading_order(problem: Problem) -> tuple[Place, str, str]:
    return problem.place, written_path(problem.path), problem.message


def written_path(path: Path) -> str:
    """Return `path` as messages show it: `brokers[0].transport_options.sep`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{quoted(step)}]"
    return text


def quoted(value: object) -> str:
    """Return `value` for a message: in quotes, on one line, cut short, without what a URL hides."""
    text = repr(_LOGIN.sub("***@", masked(str(value))))
    return text if len(text) <= _QUOTED_LENGTH else text[: _QUOTED_LENGTH - 4] + "...'"


def requoted(message: str, value: object, written: object) -> str:
    """Return a `message` that begins with the repr of `value`, with `written` in its place."""
    begin = repr(value)
    return quoted(written) + message.removeprefix(begin) if message.startswith(begin) else message


def masked(text: str) -> str:
    """Return `text` without what follows the scheme of a URL: it may be a login or a token."""
    return _URL_TAIL.sub("://***", text)

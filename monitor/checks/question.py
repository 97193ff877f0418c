"""What is asked in a check: which objects, which fact of them, and what is too much.

The command line, a URL of `/check/…` and the plugin's request to the daemon all say the same
words; they become one value here.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from monitor.checks.ranges import Range, parse_range
from monitor.checks.result import CRITICAL, OK, WARNING
from monitor.values.names import as_utf8

SCOPES: Mapping[str, str] = {
    "queues": "queue",
    "workers": "worker",
    "broker": "broker",
    "tasks": "task",
    "logs": "log",
    "alerts": "alert",
}
"""What can be checked, and the scope of the facts that are judged."""


class QuestionError(Exception):
    """A check that makes no sense; the message is one line for whoever asked."""


class UnknownNameError(QuestionError):
    """A name, or a glob, of nothing that is known."""


class Question(NamedTuple):
    """One check."""

    kind: str
    """A key of `SCOPES`."""
    names: tuple[str, ...] = ()
    """Names or globs; none: all."""
    fact: str = ""
    """The fact that the ranges are about; empty: the first that comes to mind."""
    warning: Range | None = None
    critical: Range | None = None
    expect: int | None = None
    """How many live workers there must be."""

    @property
    def bounded(self) -> bool:
        """Whether whoever asks says what is too much."""
        return self.warning is not None or self.critical is not None

    def judged(self, value: float) -> tuple[int, Range | None]:
        """Return the level of `value`, and the range that made it so; None: it is well."""
        for level, bound in ((CRITICAL, self.critical), (WARNING, self.warning)):
            if bound is not None and bound.alerts(value):
                return level, bound
        return OK, None


def question(
    kind: str,
    names: Sequence[str] = (),
    *,
    fact: str = "",
    warning: str | None = None,
    critical: str | None = None,
    expect: str | None = None,
) -> Question:
    """Return the check that these words ask for. Raises QuestionError."""
    if kind not in SCOPES:
        raise QuestionError(f"{kind!r} cannot be checked: choose from {', '.join(SCOPES)}")
    if expect is not None and kind != "workers":
        raise QuestionError("only workers can be expected")
    asked = Question(
        kind=kind,
        names=tuple(map(as_utf8, names)),
        fact=fact,
        warning=_range("warning", warning),
        critical=_range("critical", critical),
        expect=_count(expect),
    )
    if fact and kind == "alerts":
        raise QuestionError("alerts have no facts: warning and critical are about how many fire")
    if fact and not asked.bounded:
        raise QuestionError("a fact is judged by warning or critical: give a range")
    return asked


def to_query(asked: Question) -> list[tuple[str, str]]:
    """Return the parameters by which a daemon is asked the same."""
    query = [("name", name) for name in asked.names]
    if asked.fact:
        query.append(("fact", asked.fact))
    if asked.warning:
        query.append(("warning", asked.warning.text))
    if asked.critical:
        query.append(("critical", asked.critical.text))
    if asked.expect is not None:
        query.append(("expect", str(asked.expect)))
    return query


def _range(option: str, text: str | None) -> Range | None:
    if text is None:
        return None
    try:
        return parse_range(text)
    except ValueError as error:
        raise QuestionError(f"{option}: {error}") from error


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise QuestionError(f"expect: {text!r} is not a number of workers")
    return int(text)

"""Reads a file of rule tests; every mistake in it is told with its line and column.

Called by `rules_command.py` for `queue-monitor rules test FILE`.
"""

from collections.abc import Iterator, Mapping, Set
from pathlib import Path as FilePath

from monitor.alerts.operations import facts_in_rules
from monitor.alerts.rule_tests import (
    DEFAULT_BROKER,
    Expectation,
    RuleTest,
    RuleTestFile,
    ScriptedObject,
)
from monitor.alerts.rules import Rule, rules_of
from monitor.alerts.series import SeriesError, parse_series
from monitor.alerts.settings import AlertSettings
from monitor.config.document import Node
from monitor.config.load import load, read_file
from monitor.config.placed import innermost, problem_at
from monitor.config.problem import ConfigError, Path, Place, Problem, quoted
from monitor.config.shape import section_of
from monitor.config.validate import validate
from monitor.facts.scopes import IDENTITY
from monitor.values.suggestion import did_you_mean

ANY_BROKER = "redis://localhost/0"
"""Settings need a broker; rules are the same for all."""


class TestedRules:
    """A file of tests, the rules that it is about, and where everything was written."""

    def __init__(self, path: str, environ: Mapping[str, str]) -> None:
        """Raise ConfigError with all that is wrong with the file or its settings."""
        problems: list[Problem] = []
        # Tests are the same for all: the environment has no say in them.
        self._tree = read_file(path, {}, problems)
        file: RuleTestFile | None = validate(section_of(RuleTestFile), self._tree, problems)
        if problems or file is None:
            raise ConfigError(problems)
        self.file = file
        self.rules = _rules(self.file, path, environ)
        problems += _mistakes(self.file, self._tree, {rule.alert for rule in self.rules})
        if problems:
            raise ConfigError(problems)

    def place(self, path: Path) -> Place:
        """Return where the part of the file at `path` was written."""
        return innermost(self._tree, path)[0].place


def _rules(file: RuleTestFile, path: str, environ: Mapping[str, str]) -> tuple[Rule, ...]:
    if file.config is None:
        return rules_of(AlertSettings())
    return rules_of(load(FilePath(path).parent / file.config, environ).alerts)


def _mistakes(file: RuleTestFile, tree: Node, alerts: Set[str]) -> Iterator[Problem]:
    if file.interval <= 0:
        yield problem_at(tree, ("interval",), "must be more than 0")
    for index, test in enumerate(file.tests):
        path: Path = ("tests", index)
        for number, thing in enumerate(test.objects):
            yield from _object(thing, tree, (*path, "objects", number))
        yield from _expectations(test, tree, path, alerts)


def _object(thing: ScriptedObject, tree: Node, path: Path) -> Iterator[Problem]:
    identity = IDENTITY[thing.on]
    for label in thing.labels:
        if label not in identity:
            message = f"does not identify a {thing.on}{did_you_mean(label, identity)}"
            yield problem_at(tree, (*path, "labels", label), message)
    for label in identity:
        if label not in {"broker": DEFAULT_BROKER, **thing.labels}:
            yield problem_at(tree, path, f"needs the label {label}")
    facts = facts_in_rules(thing.on)
    for name, text in thing.facts.items():
        where = (*path, "facts", name)
        if name not in facts:
            message = f"unknown fact of {thing.on}{did_you_mean(name, facts)}"
            yield problem_at(tree, where, message)
            continue
        try:
            parse_series(text, facts[name])
        except SeriesError as error:
            yield problem_at(tree, where, error.message, error.offset)


def _expectations(test: RuleTest, tree: Node, path: Path, alerts: Set[str]) -> Iterator[Problem]:
    if not test.expect:
        yield problem_at(tree, (*path, "expect"), "is empty: say what is expected")
    for number, expectation in enumerate(test.expect):
        yield from _expectation(expectation, tree, (*path, "expect", number), alerts)


def _expectation(
    expectation: Expectation, tree: Node, path: Path, alerts: Set[str]
) -> Iterator[Problem]:
    if expectation.alert not in alerts:
        hint = did_you_mean(expectation.alert, sorted(alerts))
        message = f"no rule is called {quoted(expectation.alert)}{hint}"
        yield problem_at(tree, (*path, "alert"), message)
    if expectation.firing is None and expectation.pending is None:
        yield problem_at(tree, path, "needs firing or pending: a list, [] for none")

"""A rule, compiled and checked. The engine asks it; config compiles each to find mistakes."""

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from monitor.alerts.builtin import BUILTIN
from monitor.alerts.expression import Expression, parse
from monitor.alerts.settings import AlertSettings, RuleSettings
from monitor.alerts.summary import Summary, default_template, format_fact, parse_summary
from monitor.alerts.tokens import ExpressionError
from monitor.facts.fact import Fact
from monitor.facts.scopes import IDENTITY
from monitor.values.suggestion import did_you_mean

T = TypeVar("T")

Key = tuple[str, ...]
"""What identifies an object: the label values of `IDENTITY`, as alerts carry them."""

Labels = tuple[tuple[str, str], ...]
"""Label names and values, sorted by name."""


class RuleError(ValueError):
    """A rule that cannot be used.

    `field` is the setting at fault (`when`, `until`, `where`, `summary`, `cause`, `command`),
    `offset` the place in its text, counted in characters from 0.
    """

    def __init__(self, message: str, field: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Rule:
    """One alerting rule."""

    alert: str
    scope: str
    when: Expression
    until: Expression | None
    where: tuple[tuple[int, re.Pattern[str]], ...]
    """Which value of the key must match which pattern."""
    for_seconds: float
    keep_firing_for_seconds: float
    severity: str
    summary: Summary
    cause: Summary
    command: Summary
    runbook: str
    facts: tuple[Fact, ...]
    """The facts that its expressions name."""

    def covers(self, key: Key) -> bool:
        """Return whether the rule is about the object of `key` at all."""
        return all(pattern.fullmatch(key[index]) for index, pattern in self.where)

    def still_holds(self, obj: Any) -> bool | None:
        """Return whether `obj` keeps a firing alert up: not `until`, else `when`.

        Where both hold at once `when` counts: the alert would begin anew in the same tick.
        """
        holds = self.when.value(obj)
        if self.until is None or holds:
            return holds
        over = self.until.value(obj)
        return None if over is None else not over

    def labels(self, key: Key) -> Labels:
        """Return the labels of its alert on the object of `key`."""
        labels = dict(zip(IDENTITY[self.scope], key, strict=True))
        labels.update(alertname=self.alert, severity=self.severity)
        return tuple(sorted(labels.items()))

    def key_of(self, labels: Labels) -> Key | None:
        """Return the key of the object that `labels` are of; None if they are not this rule's."""
        values = dict(labels)
        key = tuple(values.get(label, "") for label in IDENTITY[self.scope])
        return key if self.labels(key) == labels and self.covers(key) else None

    def facts_read(self, obj: Any) -> tuple[tuple[str, str], ...]:
        """Return the facts behind it, as a person reads them."""
        return tuple((fact.name, format_fact(fact, obj)) for fact in self.facts)


def rules_of(settings: AlertSettings, runbooks_url: str = "") -> tuple[Rule, ...]:
    """Return the rules that hold, compiled; `runbooks_url` as below. Raises RuleError."""
    return tuple(map(compile_rule, rules_in_force(settings, runbooks_url)))


def rules_in_force(settings: AlertSettings, runbooks_url: str = "") -> tuple[RuleSettings, ...]:
    """Return all rules that hold: the user's own, and the built-in ones they do not replace.

    `runbooks_url` is below which the runbooks of the built-in ones are served, ending in a
    slash; empty: they link none.
    """
    own = {rule.alert for rule in settings.rules}
    builtin = [rule for rule in BUILTIN if settings.builtin and rule.alert not in own]
    if runbooks_url:
        builtin = [replace(rule, runbook=f"{runbooks_url}{rule.alert}") for rule in builtin]
    return (*settings.rules, *builtin)


def compile_rule(settings: RuleSettings) -> Rule:
    """Return the rule that `settings` describe. Raises RuleError."""
    scope = settings.on
    when = _parsed(parse, "when", settings.when, scope)
    until = None if settings.until is None else _parsed(parse, "until", settings.until, scope)
    facts = tuple(dict.fromkeys((*when.facts, *(until.facts if until else ()))))
    summary = settings.summary or default_template(settings.alert, scope, facts)
    return Rule(
        alert=settings.alert,
        scope=scope,
        when=when,
        until=until,
        where=tuple(_patterns(settings.where, scope)),
        for_seconds=settings.for_,
        keep_firing_for_seconds=settings.keep_firing_for,
        severity=settings.severity,
        summary=_parsed(parse_summary, "summary", summary, scope),
        cause=_parsed(parse_summary, "cause", settings.cause, scope),
        command=_parsed(parse_summary, "command", settings.command, scope),
        runbook=settings.runbook,
        facts=facts,
    )


def _parsed(parser: Callable[[str, str], T], field: str, text: str, scope: str) -> T:
    """Return what `parser` makes of the `text` of `field`. Raises RuleError."""
    try:
        return parser(text, scope)
    except ExpressionError as error:
        raise RuleError(error.message, field, error.offset) from error


def _patterns(where: Mapping[str, str], scope: str) -> Iterable[tuple[int, re.Pattern[str]]]:
    labels = IDENTITY[scope]
    for label, glob in where.items():
        if label not in labels:
            hint = did_you_mean(label, labels)
            raise RuleError(f"{label!r} does not identify a {scope}{hint}", "where")
        yield labels.index(label), re.compile(fnmatch.translate(glob))

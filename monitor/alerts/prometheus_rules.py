"""Rules as Prometheus alerting rules: what `rules export --format prometheus` writes.

Alert names and labels are the daemon's own, so an Alertmanager that is told by both sends once.
While firing, a rule looks at its own alert in `ALERTS`: that is how hysteresis and a broker
that cannot be read are said.
"""

from typing import Any

from monitor.alerts.expression import Expression, parse
from monitor.alerts.operations import facts_in_rules
from monitor.alerts.promql import Condition, NotExpressibleError, Translator, quoted
from monitor.alerts.settings import RuleSettings
from monitor.alerts.summary import split_template, verbatim
from monitor.facts.catalogue import facts_of
from monitor.facts.fact import Fact, Unit
from monitor.facts.scopes import HEARD_SCOPES, IDENTITY

_NO_METRIC = "(see queue-monitor)"
_WRITTEN: dict[Unit, str] = {
    "": "value | humanize",
    "seconds": "value | humanizeDuration",
    "bytes": "value | humanize1024",
    "timestamp": "value | humanizeTimestamp",
    "boolean": "value",
}


def prometheus_rule(settings: RuleSettings) -> dict[str, Any]:
    """Return the rule as an entry of `rules:` in a Prometheus rule file.

    Raises NotExpressibleError, and ExpressionError for a rule that cannot be used at all.
    """
    rule: dict[str, Any] = {"alert": settings.alert, "expr": _expression(settings)}
    if settings.for_:
        rule["for"] = _duration(settings.for_)
    if settings.keep_firing_for:
        rule["keep_firing_for"] = _duration(settings.keep_firing_for)
    rule["labels"] = {"severity": settings.severity}
    annotations = {
        "summary": _template(settings.summary or verbatim(settings.alert), settings.on),
        "cause": _template(settings.cause, settings.on),
        "runbook_url": _template(verbatim(settings.runbook), settings.on),
    }
    rule["annotations"] = {name: text for name, text in annotations.items() if text}
    return rule


def _expression(settings: RuleSettings) -> str:
    scope = settings.on
    translator = Translator(scope, settings.where)
    when = parse(settings.when, scope)
    until = None if settings.until is None else parse(settings.until, scope)
    begins = _of_some("when", translator.known_true(when.tree))
    identity = ", ".join(IDENTITY[scope])
    firing = (
        f"max by ({identity}) (ALERTS{{alertname={quoted(settings.alert)},"
        f'severity={quoted(settings.severity)},alertstate="firing"}})'
    )
    ways = [begins]
    if until is None:
        ends = _of_some("when", translator.known_false(when.tree))
    else:
        ends = _of_some("until", translator.known_true(until.tree))
        holds_on = _of_some("until", translator.known_false(until.tree))
        ways.append(f"({firing} and on ({identity}) {holds_on})")
    if "broker" in IDENTITY[scope] and _can_be_blind(when, until):
        blind = _blind(scope)
        ways.append(f"(({firing} and on (broker) {blind}) unless on ({identity}) {ends})")
    return f"max by ({identity}) (\n  " + "\n  or ".join(ways) + "\n)"


def _of_some(field: str, condition: Condition) -> str:
    if isinstance(condition, bool):
        raise NotExpressibleError(
            f"`{field}` holds or not whatever the facts say, and no series stands for that"
        )
    return condition


def _can_be_blind(*expressions: Expression | None) -> bool:
    facts = {fact.name for each in expressions if each for fact in each.facts}
    return facts != {"up"}


def _blind(scope: str) -> str:
    """Return which brokers cannot be read, or heard where that is what counts."""
    broker = facts_of("broker")
    metrics = [broker["up"].metric]
    if scope in HEARD_SCOPES:
        metrics.append(broker["events_connected"].metric)
    deaf = [f"max by (job, broker) ({metric}) == 0" for metric in metrics]
    return "(" + " or ".join(deaf) + ")"


def _duration(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    for unit, length in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds % length == 0:
            return f"{milliseconds // length}{unit}"
    return f"{milliseconds}ms"


def _template(text: str, scope: str) -> str:
    """Return `text` as a Go template that asks Prometheus for what it names."""
    facts = facts_in_rules(scope)
    template = ""
    for literal, name, _ in reversed(tuple(split_template(text))):
        if name is None:
            # Two braces would begin an action.
            doubled = literal == "{" and template.startswith("{")
            part = '{{ "{" }}' if doubled else literal
        elif name in IDENTITY[scope]:
            part = f"{{{{ $labels.{name} }}}}"
        else:
            part = _asked(facts[name], scope) if name in facts else _NO_METRIC
        template = part + template
    return template


def _asked(fact: Fact, scope: str) -> str:
    identity = IDENTITY[scope]
    selector = ",".join(f"{label}=%q" for label in identity)
    values = " ".join(f"$labels.{label}" for label in identity)
    query = f"max by ({', '.join((*identity, *fact.labels))}) ({fact.metric}{{{selector}}})"
    if fact.kind == "stateset":
        query, written = f"{query} == 1", f'label "{fact.labels[0]}"'
    else:
        written = _WRITTEN[fact.unit]
    return (
        f"{{{{ with printf `{query}` {values} | query }}}}"
        f"{{{{ . | first | {written} }}}}{{{{ else }}}}unknown{{{{ end }}}}"
    )

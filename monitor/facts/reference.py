"""Writes `docs/metrics.md` from the catalogue: `python -m monitor.facts.reference`.

A test compares the file with what this makes, so that the two cannot drift apart.
"""

from monitor.facts.catalogue import FACTS
from monitor.facts.fact import Fact
from monitor.facts.scopes import IDENTITY, SCOPES

_HEAD = """\
# Metrics and facts

Every fact has a metric on `/metrics` and a field in `/api/v1/snapshot`. Most have one value an
object and can be named in a rule's expression: `length > 100 or oldest_age > 60s`.

A fact that is not known has no sample and is null in the API. While a broker cannot be read,
what is read from it is absent; counters, the time of the last good poll and error counts stay.
A state set is a gauge with a 0/1 sample for every listed state.

Label values longer than 256 bytes, or not valid UTF-8, are changed and then end in `~` and a
hash of the whole name.

Besides these, `/metrics` has the `process_…` and `python_…` metrics of the monitor's own process.
"""


def metrics_reference() -> str:
    """Return the whole document, in Markdown."""
    return "\n".join([_HEAD, *(_scope(scope) for scope in SCOPES)])


def _scope(scope: str) -> str:
    labels = ", ".join(f"`{label}`" for label in IDENTITY[scope]) or "none"
    rows = "\n".join(_row(fact) for fact in FACTS if fact.scope == scope)
    return (
        f"## {scope.capitalize()}\n\n"
        f"Identifying labels: {labels}.\n\n"
        "| metric | type | further labels | fact | in rules | |\n"
        "|---|---|---|---|---|---|\n"
        f"{rows}\n"
    )


def _row(fact: Fact) -> str:
    kind = {"stateset": "state set", "info": "gauge"}.get(fact.kind, fact.kind)
    labels = ", ".join(f"`{label}`" for label in fact.labels)
    states = f" States: {', '.join(f'`{state}`' for state in fact.states)}." if fact.states else ""
    in_rules = (fact.unit or "number") if fact.in_rules else ""
    return (
        f"| `{fact.metric}` | {kind} | {labels} | `{fact.name}` | {in_rules} "
        f"| {fact.help}{states} |"
    )


if __name__ == "__main__":
    print(metrics_reference(), end="")

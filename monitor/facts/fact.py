"""What a row of the catalogue says of a fact."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["gauge", "untyped", "counter", "histogram", "stateset", "info"]
Unit = Literal["", "seconds", "bytes", "timestamp", "boolean", "state"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the catalogue."""

    scope: str
    """One of `scopes.SCOPES`."""
    name: str
    """Its name in rule expressions and in the API, unique within the scope."""
    metric: str
    """Its full metric name; a counter's ends in `_total`."""
    kind: Kind
    help: str
    read: Callable[[Any], Any]
    """Takes an object of the scope. Returns a number, a bool or None (not known) for a plain
    row; for a row with `labels` a mapping from label value (a tuple of them where there are
    several) to number; for a stateset the state that holds; for info the label values; for a
    histogram `HistogramFacts`."""
    unit: Unit = ""
    """The base unit, which rule expressions check; empty for a plain number."""
    labels: tuple[str, ...] = ()
    """Labels beyond those that identify the object."""
    states: tuple[str, ...] = ()
    """All states of a stateset."""

    @property
    def in_rules(self) -> bool:
        """Whether a rule expression may name it: it has one value an object."""
        return self.kind == "stateset" or (
            not self.labels and self.kind in ("gauge", "untyped", "counter")
        )


def info(*values: str | None) -> tuple[str, ...] | None:
    """Return the label values of an info row, or None when nothing is known."""
    return tuple(v or "" for v in values) if any(values) else None

"""One metric family on `/metrics`: its samples, with all but the numbers kept between scrapes.

A family keeps for each object the ready text around its numbers. `Exposition` tells it which
objects are gone, so that no more is kept than there is to show.
"""

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any, Protocol

from monitor.facts.catalogue import Fact
from monitor.facts.histogram import HistogramFacts
from monitor.web.labels import label_text


class Family(Protocol):
    """What every kind of family can do."""

    def samples(self, objects: Mapping[str, Any]) -> bytes:
        """Return the sample lines of `objects`, which come by the text of their labels."""

    def forget(self, gone: Iterable[str]) -> None:
        """Drop what is kept of objects that are gone."""


def family_of(fact: Fact) -> Family:
    """Return a family, with nothing shown yet, for a row of the catalogue."""
    match fact.kind:
        case "histogram":
            return _Histogram(fact)
        case "stateset":
            return _StateSet(fact)
        case "info":
            return _Info(fact)
    return _Labelled(fact) if fact.labels else _Plain(fact)


class _Kept:
    """The part that all kinds share: the row, and what is kept by object."""

    def __init__(self, fact: Fact) -> None:
        self._fact = fact
        self._begins_at_zero = fact.scope == "task" and fact.kind in ("counter", "histogram")
        self._kept: dict[str, Any] = {}

    def forget(self, gone: Iterable[str]) -> None:
        for labels in gone:
            self._kept.pop(labels, None)


class _Plain(_Kept):
    """One sample an object. Kept: the text before the number."""

    def samples(self, objects: Mapping[str, Any]) -> bytes:
        read, kept, lines = self._fact.read, self._kept, []
        for labels, thing in objects.items():
            value = read(thing)
            if value is None:
                continue
            head = kept.get(labels)
            if head is None:
                head = kept[labels] = _head(self._fact.metric, labels)
                if self._begins_at_zero:
                    value = 0
            # Most numbers are ints, which need no spelling.
            lines.append(f"{head}{value if value.__class__ is int else _number(value)}\n")
        return "".join(lines).encode()


class _Labelled(_Kept):
    """One sample for each further label value. Kept: the text before each number."""

    def samples(self, objects: Mapping[str, Any]) -> bytes:
        read, lines = self._fact.read, []
        for labels, thing in objects.items():
            values = read(thing)
            if values is None:
                continue
            heads = self._kept.setdefault(labels, {})
            for child, value in values.items():
                head = heads.get(child)
                if head is None:
                    head = heads[child] = self._head(labels, child)
                    number = 0 if self._begins_at_zero else value
                else:
                    number = value
                lines.append(f"{head}{number if number.__class__ is int else _number(number)}\n")
            if len(heads) > len(values):
                self._kept[labels] = {child: heads[child] for child in values}
        return "".join(lines).encode()

    def _head(self, labels: str, child: Any) -> str:
        values = child if isinstance(child, tuple) else (child,)
        return _head(self._fact.metric, labels, label_text(self._fact.labels, values))


class _Info(_Kept):
    """One sample an object, always 1. Kept: the label values and their line."""

    def samples(self, objects: Mapping[str, Any]) -> bytes:
        lines = []
        for labels, thing in objects.items():
            values = self._fact.read(thing)
            if values is None:
                continue
            kept_values, line = self._kept.get(labels, (None, ""))
            if values != kept_values:
                line = _head(self._fact.metric, labels, label_text(self._fact.labels, values))
                line += "1\n"
                self._kept[labels] = (values, line)
            lines.append(line)
        return "".join(lines).encode()


class _StateSet(_Kept):
    """A 0/1 sample for every state there is. Kept: a %-template of the flags."""

    def __init__(self, fact: Fact) -> None:
        super().__init__(fact)
        self._flags = {
            state: tuple(int(state == other) for other in fact.states) for state in fact.states
        }

    def samples(self, objects: Mapping[str, Any]) -> bytes:
        blocks = []
        for labels, thing in objects.items():
            state = self._fact.read(thing)
            if state is None:
                continue
            template = self._kept.get(labels)
            if template is None:
                template = self._kept[labels] = self._template(labels)
            blocks.append(template % self._flags[state])
        return b"".join(blocks)

    def _template(self, labels: str) -> bytes:
        fact = self._fact
        return b"".join(
            _template_line(_head(fact.metric, labels, label_text(fact.labels, (state,))), b"%d")
            for state in fact.states
        )


class _Histogram(_Kept):
    """Cumulative buckets, sum and count. Kept: a %-template of the numbers, and its bounds."""

    def samples(self, objects: Mapping[str, Any]) -> bytes:
        blocks = []
        for labels, thing in objects.items():
            histogram: HistogramFacts | None = self._fact.read(thing)
            if histogram is None:
                continue
            bounds, template = self._kept.get(labels, (None, b""))
            if bounds is not histogram.bounds:
                template = self._template(labels, histogram.bounds)
                self._kept[labels] = (histogram.bounds, template)
                if bounds is None and self._begins_at_zero:
                    histogram = HistogramFacts(histogram.bounds, (0,) * len(histogram.counts), 0.0)
            cumulative = tuple(accumulate(histogram.counts))
            total = _number(histogram.sum).encode()
            blocks.append(template % (*cumulative, total, cumulative[-1]))
        return b"".join(blocks)

    def _template(self, labels: str, bounds: tuple[float, ...]) -> bytes:
        name = self._fact.metric
        buckets = [
            _template_line(_head(f"{name}_bucket", labels, f'le="{_number(bound)}"'), b"%d")
            for bound in (*map(float, bounds), float("inf"))
        ]
        return b"".join(
            [
                *buckets,
                _template_line(_head(f"{name}_sum", labels), b"%b"),
                _template_line(_head(f"{name}_count", labels), b"%d"),
            ]
        )


_SPELLED = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN", "True": "1", "False": "0"}


def _number(value: float) -> str:
    """Return a number or a bool as both formats spell it."""
    text = repr(value)
    return _SPELLED.get(text, text)


def _head(name: str, *labels: str) -> str:
    """Return what stands before the number of a sample."""
    inside = ",".join(filter(None, labels))
    return f"{name}{{{inside}}} " if inside else f"{name} "


def _template_line(head: str, placeholder: bytes) -> bytes:
    # Bytes, because they are formatted three times as fast as text where little varies.
    return head.encode().replace(b"%", b"%%") + placeholder + b"\n"

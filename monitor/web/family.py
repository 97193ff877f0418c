"""One metric family on `/metrics`: the lines of its samples. Called by `Exposition`.

Objects come by the text of their identity labels, which is made once an object; what stands
before and after it in a line is made once a family. A scrape only puts the two and a number
together. Ready lines for every series were tried: they take 10 MB for 50,000 and are no
faster, because they do not stay in the processor's cache.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from itertools import accumulate
from typing import Any, Protocol

from monitor.facts.fact import Fact
from monitor.facts.histogram import HistogramFacts
from monitor.facts.scopes import IDENTITY
from monitor.web.labels import label_text
from monitor.web.readers import Scrape


class Family(Protocol):
    """What every kind of family can do."""

    def samples(self, objects: Mapping[str, Any], new: Set[str], scrape: Scrape, /) -> bytes:
        """Return the sample lines of `objects`, which come by the text of their labels.

        Those in `new` are shown to who asks for the first time.
        """


def family_of(fact: Fact) -> Family:
    """Return the family of a row of the catalogue."""
    match fact.kind:
        case "histogram":
            return _Histogram(fact)
        case "stateset":
            return _StateSet(fact)
        case "info":
            return _Labelled(fact, lambda thing: _one(fact.read(thing)))
    return _Labelled(fact, fact.read) if fact.labels else _Plain(fact)


def _one(values: tuple[str, ...] | None) -> Mapping[tuple[str, ...], int]:
    return {} if values is None else {values: 1}


class _Plain:
    """One sample an object."""

    def __init__(self, fact: Fact) -> None:
        self._read = fact.read
        self._frame = _frame(fact)
        self._begins_at_zero = _begins_at_zero(fact)

    def samples(self, objects: Mapping[str, Any], new: Set[str], _scrape: Scrape) -> bytes:
        before, after = self._frame
        values: Iterable[Any] = map(self._read, objects.values())
        if new and self._begins_at_zero:
            values = [
                0 if labels in new and value is not None else value
                for labels, value in zip(objects, values, strict=True)
            ]
        return "".join(
            [
                # Most numbers are ints, which need no spelling.
                f"{before}{labels}{after}{value if value.__class__ is int else _number(value)}\n"
                for labels, value in zip(objects, values, strict=True)
                if value is not None
            ]
        ).encode()


class _Labelled:
    """One sample for each further label value of an object."""

    def __init__(self, fact: Fact, read: Callable[[Any], Mapping[Any, float] | None]) -> None:
        self._fact = fact
        self._read = read
        self._frames: dict[Any, tuple[str, str]] = {}
        self._begins_at_zero = _begins_at_zero(fact)
        self._began_at: dict[str, dict[Any, float]] = {}

    def samples(self, objects: Mapping[str, Any], _new: Set[str], scrape: Scrape) -> bytes:
        lines = []
        # Both anew each time, so that nothing is kept of what is gone.
        frames: dict[Any, tuple[str, str]] = {}
        began_at: dict[str, dict[Any, float]] = {}
        for labels, thing in objects.items():
            children = self._read(thing)
            if not children:
                continue
            if self._begins_at_zero:
                known = self._began_at.get(labels, {})
                began_at[labels] = {c: known.get(c, scrape.before_at) for c in children}
                children = {
                    child: 0 if began_at[labels][child] >= scrape.since_at else value
                    for child, value in children.items()
                }
            for child, value in children.items():
                frame = frames.get(child)
                if frame is None:
                    frame = frames[child] = self._frames.get(child) or self._made_frame(child)
                before, after = frame
                number = value if value.__class__ is int else _number(value)
                lines.append(f"{before}{labels}{after}{number}\n")
        self._frames, self._began_at = frames, began_at
        return "".join(lines).encode()

    def _made_frame(self, child: Any) -> tuple[str, str]:
        values = child if isinstance(child, tuple) else (child,)
        return _frame(self._fact, label_text(self._fact.labels, values))


class _StateSet:
    """A 0/1 sample for every state there is."""

    def __init__(self, fact: Fact) -> None:
        self._read = fact.read
        self._templates = {
            state: b"".join(
                _template(_frame(fact, label_text(fact.labels, (other,))), b"%d" % (state == other))
                for other in fact.states
            )
            for state in fact.states
        }

    def samples(self, objects: Mapping[str, Any], _new: Set[str], _scrape: Scrape) -> bytes:
        return b"".join(
            [
                self._templates[state].replace(_LABELS, labels.encode())
                for labels, thing in objects.items()
                if (state := self._read(thing)) is not None
            ]
        )


class _Histogram:
    """Cumulative buckets, the sum and the count."""

    def __init__(self, fact: Fact) -> None:
        self._fact = fact
        self._begins_at_zero = _begins_at_zero(fact)
        self._bounds: tuple[float, ...] = ()
        self._template = b""

    def samples(self, objects: Mapping[str, Any], new: Set[str], _scrape: Scrape) -> bytes:
        blocks = []
        for labels, thing in objects.items():
            histogram: HistogramFacts | None = self._fact.read(thing)
            if histogram is None:
                continue
            if new and self._begins_at_zero and labels in new:
                histogram = _empty(histogram)
            blocks.append(self._block(labels, histogram))
        return b"".join(blocks)

    def _block(self, labels: str, histogram: HistogramFacts) -> bytes:
        if histogram.bounds != self._bounds:
            self._bounds, self._template = histogram.bounds, self._made_template(histogram.bounds)
        cumulative = tuple(accumulate(histogram.counts))
        total = _number(histogram.sum).encode()
        # The labels last: they may hold whatever a placeholder is.
        block = self._template % (*cumulative, total, cumulative[-1])
        return block.replace(_LABELS, labels.encode())

    def _made_template(self, bounds: tuple[float, ...]) -> bytes:
        fact = self._fact
        buckets = [
            _template(_frame(fact, f'le="{_number(float(bound))}"', "_bucket"), b"%d")
            for bound in (*bounds, float("inf"))
        ]
        return b"".join(
            [
                *buckets,
                _template(_frame(fact, suffix="_sum"), b"%b"),
                _template(_frame(fact, suffix="_count"), b"%d"),
            ]
        )


def _begins_at_zero(fact: Fact) -> bool:
    """Return whether its series may begin while the monitor runs, and be counted from then."""
    return fact.scope == "task" and fact.kind in ("counter", "histogram")


def _empty(histogram: HistogramFacts) -> HistogramFacts:
    return HistogramFacts(histogram.bounds, (0,) * len(histogram.counts), 0.0)


_SPELLED = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN", "True": "1", "False": "0"}


def _number(value: float) -> str:
    """Return a number or a bool as both formats spell it."""
    text = repr(value)
    return _SPELLED.get(text, text)


def _frame(fact: Fact, further: str = "", suffix: str = "") -> tuple[str, str]:
    """Return what stands in a line before and after the object's identity labels."""
    name = fact.metric + suffix
    if IDENTITY[fact.scope]:
        return f"{name}{{", f",{further}}} " if further else "} "
    return (f"{name}{{{further}", "} ") if further else (name, " ")


_LABELS = b"\0"
"""Where the identity labels go in a template."""


def _template(frame: tuple[str, str], value: bytes) -> bytes:
    # Bytes, because long ones are formatted three times as fast as text.
    before, after = frame
    return before.encode() + _LABELS + after.encode() + value + b"\n"

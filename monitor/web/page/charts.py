"""Charts as SVG: the last hour of a fact, drawn by the server. Style is all in page.css.

Lines keep their width however wide the drawing is stretched, and the words around a chart are
HTML, so that they stay readable on a phone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from monitor.facts.history import STATES_BY_GRAVITY, STEP_SECONDS, Line
from monitor.values.units import format_duration
from monitor.web.page.markup import Markup, element, joined

HEIGHT = 100
WIDTH = 600
"""Of the drawing, in its own units; both are stretched to the place that it gets."""

_SPARK_POINTS = 60
_NOTHING_KNOWN = "nothing was known in the last hour"
_AXIS = ("1h ago", "45m", "30m", "15m", "now")

Words = Callable[[float], str]


def sparkline(line: Line | None, words: Words) -> Markup:
    """Return the hour of a fact as large as a word; empty while nothing is known."""
    if line is None or not line.known:
        return Markup("")
    width = len(line.values) // _SPARK_POINTS
    values = [
        max((v for v in line.values[i : i + width] if v is not None), default=None)
        for i in range(0, len(line.values), width)
    ]
    label = f"last hour: {_range(line, words)}"
    curve = _curve(values, max(line.known), "a", filled=True)
    return _drawing(label, element("title", label), *curve, class_="spark")


def chart(title: str, lines: Sequence[tuple[str, Line]], words: Words) -> Markup:
    """Return the hour of one fact, or of several of one unit, each with its name."""
    known = [(name, line) for name, line in lines if line.known]
    top = max((max(line.known) for _, line in known), default=0.0)
    curves = [
        part
        for kind, (_, line) in zip("ab", known, strict=False)
        for part in _curve(line.values, top, kind, filled=len(lines) == 1)
    ]
    spoken = (f"{name or title}, last hour: {_range(line, words)}" for name, line in known)
    label = "; ".join(spoken) or _NOTHING_KNOWN
    rules = (_rule(y) for y in (0, HEIGHT / 2, HEIGHT))
    return _figure(
        (element("b", title), *_legend(known, words)),
        element("span", words(top) if known else "", class_="top"),
        _drawing(label, element("title", label), *rules, *curves),
    )


def strip(title: str, line: Line, kinds: dict[str, str]) -> Markup:
    """Return the hour of a worker's state; `kinds` has the class of each state's colour."""
    width = WIDTH / len(line.values)
    parts, spoken, x = [], [], 0.0
    for number, run in groupby(line.values):
        steps = len(list(run))
        if number is not None:
            state = STATES_BY_GRAVITY[int(number)]
            spoken.append(f"{state} {format_duration(steps * STEP_SECONDS)}")
            parts.append(
                element(
                    "rect",
                    element("title", state),
                    x=f"{x:g}",
                    y="0",
                    width=f"{steps * width:g}",
                    height=str(HEIGHT),
                    class_=kinds[state],
                )
            )
        x += steps * width
    label = ", then ".join(spoken) or _NOTHING_KNOWN
    drawing = _drawing(f"last hour: {label}", *parts)
    return _figure((element("b", title), element("span", label)), drawing, kind="plot strip")


def _figure(caption: Iterable[Markup], *plot: Markup, kind: str = "plot") -> Markup:
    return element(
        "figure",
        element("figcaption", *caption),
        element("div", *plot, class_=kind),
        _axis(),
        class_="chart",
    )


def _drawing(label: str, *parts: Markup, class_: str | None = None) -> Markup:
    return element(
        "svg",
        *parts,
        class_=class_,
        # A little around it, so that a line along the edge is not cut in half.
        viewBox=f"0 -4 {WIDTH} {HEIGHT + 8}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


def _range(line: Line, words: Words) -> str:
    latest = line.values[-1]
    # The highest of a step is not what is true now.
    now = "not known now" if latest is None else f"last 30s up to {words(latest)}"
    return f"{words(min(line.known))} to {words(max(line.known))}, {now}"


def _legend(known: Sequence[tuple[str, Line]], words: Words) -> Iterator[Markup]:
    for kind, (name, line) in zip("ab", known, strict=False):
        mark = element("i", class_=kind) if len(known) > 1 else Markup("")
        yield element("span", mark, f"{name} " if name else "", _range(line, words))
    if not known:
        yield element("span", "not known in the last hour")


def _axis() -> Markup:
    return element(
        "div", *(element("span", text) for text in _AXIS), class_="axis", aria_hidden="true"
    )


def _rule(y: float) -> Markup:
    return element("path", d=f"M0 {y:g}H{WIDTH}", class_="rule")


def _curve(
    values: Sequence[float | None], top: float, kind: str, *, filled: bool
) -> Iterator[Markup]:
    """Yield the paths of one line: where nothing was known there is none."""
    scale = HEIGHT / top if top > 0 else 0.0
    step = WIDTH / (len(values) - 1)
    strokes, areas = [], []
    for known, run in groupby(enumerate(values), lambda item: item[1] is not None):
        if not known:
            continue
        points = [(x * step, HEIGHT - (value or 0.0) * scale) for x, value in run]
        path = "L".join(f"{x:.0f} {y:.0f}" for x, y in points)
        # A line of no length still shows, by its round ends.
        strokes.append(f"M{path}" + ("h0" if len(points) == 1 else ""))
        areas.append(f"M{points[0][0]:.0f} {HEIGHT}L{path}V{HEIGHT}Z")
    if filled:
        yield element("path", d=joined(areas), class_=f"area {kind}")
    yield element("path", d=joined(strokes), class_=f"line {kind}")

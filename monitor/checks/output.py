"""A result as the Monitoring Plugins guidelines print it. Called by `command.py` and the web.

One line: service, level, what is the matter, and after a `|` the performance data. Names come
from whoever called a queue so: what would end the line or begin performance data is replaced.
"""

from collections.abc import Iterable
from math import isfinite

from monitor.checks.result import LEVELS, OK, Item, Result, Value
from monitor.values.names import bounded, printable

_LINE_BYTES = 1_000
_PERFDATA_BYTES = 5_000
_OUTPUT_BYTES = 8_000
"""Nagios keeps 8,192 bytes of all that a plugin prints."""

_SHOWN_WHEN_WELL = 3
_MULTI_LINE = 2


def rendered(result: Result, verbosity: int, details: Iterable[str] = ()) -> str:
    """Return what the plugin prints: 0 and 1 are one line, 2 adds a line for each object, and
    3 the `details` of how it was asked."""
    perfdata = _perfdata(result)
    lines = [status_line(result, verbosity) + (f" | {perfdata}" if perfdata else "")]
    if verbosity >= _MULTI_LINE:
        lines += [_clean(f"{LEVELS[item.level]}: {item.text}") for item in result.items]
    if verbosity > _MULTI_LINE:
        lines += map(_clean, details)
    return "\n".join(_fitting(lines, _OUTPUT_BYTES))


def status_line(result: Result, verbosity: int = 0) -> str:
    """Return the one line that says it all, without performance data."""
    return _clean(f"{result.kind.upper()} {LEVELS[result.level]} - {_said(result, verbosity)}")


def _said(result: Result, verbosity: int) -> str:
    bad = [item.text for item in result.items if item.level != OK]
    if bad:
        shown = bad if verbosity else bad[:1]
        more = f" (and {len(bad) - 1} more)" if len(bad) > len(shown) else ""
        of_all = f"; {len(bad)} of {len(result.items)} {result.kind}" if len(bad) > 1 else ""
        return "; ".join((*([result.note] if result.note else ()), *shown)) + more + of_all
    if result.note:
        return result.note
    if len(result.items) <= _SHOWN_WHEN_WELL or verbosity:
        return "; ".join(item.text for item in result.items)
    return f"{len(result.items)} {result.kind}"


def _perfdata(result: Result) -> str:
    """Return as much performance data as a checker takes, whole objects in their order."""
    # By name and not the worst first: what is drawn over time must not change places.
    items = sorted(result.items, key=_first_label)
    written = [_group(result.values), *(_group(item.values) for item in items)]
    return " ".join(_fitting(filter(None, written), _PERFDATA_BYTES))


def _first_label(item: Item) -> str:
    return item.values[0].label if item.values else ""


def _group(values: Iterable[Value]) -> str:
    return " ".join(map(_written, values))


def _written(value: Value) -> str:
    number = "U" if value.value is None or not isfinite(value.value) else _number(value.value)
    unit = "" if number == "U" else value.unit
    fields = f"{number}{unit};{value.warning};{value.critical}".rstrip(";")
    return f"{_label(value.label)}={fields}"


def _number(value: float) -> str:
    """Return `value` in digits alone: the guidelines know no exponents."""
    if value == int(value):
        return str(int(value))
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _label(label: str) -> str:
    text = _clean(label, 300).replace("=", "_")
    if text and not set(text) & set(" '\""):
        return text
    return "'" + text.replace("'", "''") + "'"


def _clean(text: str, limit_bytes: int = _LINE_BYTES) -> str:
    """Return `text` in one line, without what begins performance data, and bounded."""
    return bounded(printable(text.replace("|", "¦")), limit_bytes)


def _fitting(texts: Iterable[str], limit_bytes: int) -> list[str]:
    """Return as many of the first `texts` as fit, with a character between them."""
    kept, size = [], 0
    for text in texts:
        size += len(text.encode()) + 1
        if size > limit_bytes:
            break
        kept.append(text)
    return kept

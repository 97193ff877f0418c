"""Settings from environment variables.

`QUEUE_MONITOR_` and the setting's path joined by two underscores: QUEUE_MONITOR_POLL__INTERVAL.
A list item is named by its position, and a whole list or map is written as YAML. Kubernetes
puts variables of the same prefix into every pod when a service is called queue-monitor; those
are let be.
"""

import difflib
import re
from collections.abc import Mapping

from monitor.config.document import UNUSABLE, Node, NotYamlError, Source, read_document
from monitor.config.overlay import put
from monitor.config.problem import Path, Place, Problem
from monitor.config.scalars import NOT_UNICODE, Scalar, ScalarError, has_surrogates, resolve
from monitor.config.shape import (
    SECRET,
    TEXT,
    Choice,
    Leaf,
    Section,
    Shape,
    Table,
    child,
    named_paths,
    root,
)

PREFIX = "QUEUE_MONITOR_"
BROKER_URL = "QUEUE_MONITOR_BROKER_URL"
_NOT_SETTINGS = (BROKER_URL, "QUEUE_MONITOR_REQUIRE_TOOLS")
_FROM_KUBERNETES = re.compile(
    r"QUEUE_MONITOR_([A-Z0-9]+_)*"
    r"(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)


def lay_environment(tree: Node, environ: Mapping[str, str], problems: list[Problem]) -> None:
    """Lay the settings of `environ` over `tree`. A variable that is empty counts as not set."""
    for name in sorted(environ):
        if not name.startswith(PREFIX) or not environ[name]:
            continue
        if name in _NOT_SETTINGS or _FROM_KUBERNETES.fullmatch(name):
            continue
        place = Place.in_environment(name)
        found = _setting(name)
        if found is None:
            problems.append(Problem(place, (), "no such setting" + _suggestion(name)))
            continue
        path, shape = found
        put(tree, path, _read(environ[name], place, path, shape, problems), problems)


def _setting(name: str) -> tuple[Path, Shape] | None:
    path: list[str | int] = []
    shape: Shape | None = root()
    for part in name.removeprefix(PREFIX).split("__"):
        if shape is None:
            return None
        path.append(_step(shape, part))
        shape = child(shape, path[-1])
    return (tuple(path), shape) if shape else None


def _step(shape: Shape, part: str) -> str | int:
    match shape:
        case Section() | Choice():
            return part.lower()
        case Table():
            return part
    return int(part) if re.fullmatch("[0-9]{1,6}", part) else part


def _suggestion(name: str) -> str:
    known = ["__".join(map(str, path)).upper() for path in named_paths()]
    known.append(BROKER_URL.removeprefix(PREFIX))
    written = name.removeprefix(PREFIX).upper()
    close = difflib.get_close_matches(written, known, n=1, cutoff=0.7)
    return f" (did you mean {PREFIX + close[0]!r}?)" if close else ""


def _read(text: str, place: Place, path: Path, shape: Shape, problems: list[Problem]) -> Node:
    if not isinstance(shape, Leaf):
        return _read_yaml(text, place, path, problems)
    node = Node(UNUSABLE, place, written=text)
    try:
        node.value = _read_scalar(text, shape)
    except ScalarError as error:
        problems.append(Problem(place, path, str(error)))
    return node


def _read_scalar(text: str, shape: Leaf) -> Scalar:
    if has_surrogates(text):
        raise ScalarError(NOT_UNICODE)
    # A text is taken as it is: a URL or a password needs no quotes here.
    is_text = shape in (TEXT, SECRET) or shape.words
    return text if is_text else resolve(text.strip())


def _read_yaml(text: str, place: Place, path: Path, problems: list[Problem]) -> Node:
    try:
        node = read_document(Source(text, lambda _line, _column: place, path), problems)
    except NotYamlError as error:
        problems.append(error.problem)
        return Node(UNUSABLE, place)
    return node or Node(None, place)

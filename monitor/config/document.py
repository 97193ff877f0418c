"""YAML text to a tree of nodes, each of which knows where it was written.

`load.py` reads the settings file here, `environment.py` the lists and maps in variables. The
tree is built from PyYAML's events and not from its own nodes: that needs no recursion, so no
depth of nesting can crash it, and anchors, tags and duplicate keys are still to be seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from monitor.config.advice import advice
from monitor.config.problem import Path, Place, Problem, quoted
from monitor.config.scalars import (
    NOT_UNICODE,
    Scalar,
    ScalarError,
    has_surrogates,
    resolve,
    substitute,
)

_MAX_DEPTH = 32

_Mark = Any
"""PyYAML's mark. Its stubs say that an event may have none; an event that was parsed has."""


class Unusable:
    """The value of a node that was reported already; nothing more is said of it."""


UNUSABLE = Unusable()


@dataclass(slots=True)
class Node:
    """A value and where it was written. Mappings and lists may be changed in place."""

    value: "Scalar | Unusable | dict[str, Node] | list[Node]"
    place: Place
    key_place: Place | None = None
    """Where its key was written; None for list items and the root."""
    written: str = ""
    """For a scalar: its text before `${}` was replaced, which messages may show."""
    inner_place: Place | None = None
    """For a scalar whose characters stand one by one in the source: where the first one is."""
    path: Path = ()
    """Which setting it is; `settle.py` fills it in, and it stays when list items are dropped."""

    def child(self, step: str | int) -> "Node | None":
        """Return what stands below at `step`, a key or a list position."""
        if isinstance(self.value, dict):
            return self.value.get(str(step))
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None


class NotYamlError(Exception):
    """The text is not one YAML document; nothing of it can be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Source:
    """A text, and how its places are told."""

    text: str
    locate: Callable[[int, int], Place]
    """From a line and a column, both from 1, to a place."""
    path: Path = ()
    """The setting that the text is for; the root when it is a file."""
    environ: Mapping[str, str] | None = None
    """What `${NAME}` stands for; None leaves it as it is."""


def read_document(source: Source, problems: list[Problem]) -> Node | None:
    """Return the tree of `source`, or None when it holds nothing but comments.

    What is wrong with single keys and values is added to `problems`. Raises NotYamlError when
    there is no tree.
    """
    builder = _Builder(source, problems)
    try:
        for event in yaml.parse(source.text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark: _Mark = error.problem_mark or error.context_mark
        remedy = advice(error, source.text, has_variables=source.environ is not None)
        message = f"not YAML: {error.problem}{remedy}"
        raise builder.not_yaml(mark, message) from None
    except yaml.reader.ReaderError as error:
        raise _unprintable(source, error) from None
    except (ValueError, OverflowError):
        # PyYAML turns escapes and directives into numbers and characters without a check.
        raise NotYamlError(
            Problem(source.locate(1, 1), source.path, "not YAML: an escape or number is too large")
        ) from None
    return builder.root


def _unprintable(source: Source, error: yaml.reader.ReaderError) -> NotYamlError:
    before = source.text[: error.position]
    place = source.locate(before.count("\n") + 1, error.position - before.rfind("\n"))
    message = f"not YAML: the character U+{ord(source.text[error.position]):04X} is not allowed"
    return NotYamlError(Problem(place, source.path, message))


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet."""

    node: Node
    keys: dict[str, Place] = field(default_factory=dict)
    key: str | None = None
    """The key whose value comes next; None when a key comes next."""
    discard: bool = False
    """Whether that key cannot be used, and its value goes with it."""
    is_key: bool = False
    """Whether the whole collection stands where a key belongs."""


class _Builder:
    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self.root: Node | None = None
        self._source = source
        self._problems = problems
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise self.not_yaml(event.start_mark, "there is more than one document")
            case yaml.MappingStartEvent():
                self._begin({}, event)
            case yaml.SequenceStartEvent():
                self._begin([], event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                place = self._place(event.start_mark)
                self._report(
                    place, "aliases (*name) are not supported: write the value out, or in quotes"
                )
                if self._expects_key():
                    self._key("", discard=True)
                else:
                    self._add(Node(UNUSABLE, place))

    def not_yaml(self, mark: _Mark, message: str) -> NotYamlError:
        return NotYamlError(Problem(self._place(mark), self._source.path, message))

    def _begin(self, value: dict[str, Node] | list[Node], event: yaml.CollectionStartEvent) -> None:
        if len(self._open) >= _MAX_DEPTH:
            raise self.not_yaml(event.start_mark, "nested too deeply")
        self._refuse_properties(event)
        self._open.append(
            _Open(Node(value, self._place(event.start_mark)), is_key=self._expects_key())
        )

    def _end(self) -> None:
        closed = self._open.pop()
        if closed.is_key:
            self._report(closed.node.place, "a key must be plain text")
            self._key("", discard=True)
        else:
            self._add(closed.node)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._refuse_properties(event)
        place = self._place(event.start_mark)
        if self._expects_key():
            self._scalar_key(event.value, place)
            return
        node = Node(UNUSABLE, place, written=event.value, inner_place=self._inner_place(event))
        try:
            node.value = self._scalar_value(event)
        except ScalarError as error:
            self._report(moved(node, error.offset), str(error))
        self._add(node)

    def _scalar_key(self, key: str, place: Place) -> None:
        keys = self._open[-1].keys
        mistake = None
        if key == "<<":
            mistake = "merge keys (<<) are not supported: write the values out"
        elif key in keys:
            mistake = f"duplicate key {quoted(key)}, first given at {keys[key]}"
        elif has_surrogates(key):
            mistake = NOT_UNICODE
        if mistake:
            self._report(place, mistake)
        keys.setdefault(key, place)
        self._key(key, discard=mistake is not None)

    def _key(self, key: str, discard: bool) -> None:
        self._open[-1].key = key
        self._open[-1].discard = discard

    def _scalar_value(self, event: yaml.ScalarEvent) -> Scalar | Unusable:
        text: str = event.value
        if self._source.environ is not None:
            text = substitute(text, self._source.environ)
        if has_surrogates(text):
            raise ScalarError(NOT_UNICODE)
        if event.tag is not None:
            return UNUSABLE
        if event.style is not None:
            return text
        try:
            return resolve(text)
        except ScalarError as error:
            raise ScalarError(str(error).replace(quoted(text), quoted(event.value))) from None

    def _inner_place(self, event: yaml.ScalarEvent) -> Place | None:
        start: _Mark = event.start_mark
        end: _Mark = event.end_mark
        raw = self._source.text[start.index : end.index]
        for skipped in (0, 1):
            if raw[skipped : len(raw) - skipped] == event.value:
                return self._source.locate(start.line + 1, start.column + 1 + skipped)
        return None

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        match parent.node.value:
            case list() as items:
                items.append(node)
            case dict() as entries if parent.key is not None:
                if not parent.discard:
                    node.key_place = parent.keys[parent.key]
                    entries[parent.key] = node
                parent.key = None

    def _expects_key(self) -> bool:
        if not self._open:
            return False
        parent = self._open[-1]
        return parent.key is None and isinstance(parent.node.value, dict)

    def _refuse_properties(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        place = self._place(event.start_mark)
        if event.anchor is not None:
            self._report(place, "anchors (&name) are not supported: write the value out")
        if event.tag is not None:
            self._report(place, "tags (!name) are not supported: leave it out")

    def _report(self, place: Place, message: str) -> None:
        self._problems.append(Problem(place, self._path(), message))

    def _path(self) -> Path:
        steps: list[str | int] = []
        for collection in self._open:
            match collection.node.value:
                case list() as items:
                    steps.append(len(items))
                case _ if collection.key is not None:
                    steps.append(collection.key)
        return self._source.path + tuple(steps)

    def _place(self, mark: _Mark) -> Place:
        return self._source.locate(mark.line + 1, mark.column + 1)


def moved(node: Node, offset: int) -> Place:
    """Return the place of the character at `offset` of a scalar, or the scalar's own place."""
    inner = node.inner_place
    if inner is None or not inner.line:
        return node.place
    return Place(inner.rank, inner.source, inner.line, inner.column + offset)

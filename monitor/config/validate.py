"""From a tree to its dataclass: pydantic judges the values, this file words its verdicts.

Where something is wrong, the sound rest is still made into a dataclass, so that it can be checked
for meaning too and the user sees all mistakes at once.
"""

from collections.abc import Set
from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from monitor.config.document import Node, Unusable
from monitor.config.problem import Problem, quoted, requoted
from monitor.config.settle import settle
from monitor.config.shape import (
    INTEGER,
    NUMBER,
    SECRET,
    TEXT,
    Choice,
    Leaf,
    Listing,
    Section,
    Shape,
    Table,
)
from monitor.values.suggestion import did_you_mean


@cache
def _adapter(settings: type) -> TypeAdapter[Any]:
    return TypeAdapter(settings)


def validate(section: Section, tree: Node, problems: list[Problem]) -> Any:
    """Return the dataclass of `section` that `tree` describes; None when nothing sound is left.

    What is wrong goes to `problems` and out of the tree.
    """
    if not settle(tree, section, problems):
        return None
    while True:
        try:
            return _adapter(section.settings).validate_python(_plain(tree, section))
        except ValidationError as error:
            # Neither the input nor a URL is wanted: messages are made from the tree.
            details = error.errors(include_url=False, include_input=False)
        judged = [_judge(each, tree, section) for each in details]
        # A union has an error for each of its members.
        problems += dict.fromkeys(problem for _, problem in judged if problem)
        unsound = {id(node) for node, _ in judged}
        if not _keep_sound(tree, section, unsound):
            return None


def _plain(node: Node, shape: Shape) -> Any:
    match node.value, shape:
        case dict() as entries, Choice():
            return _plain(node, shape.sections[str(entries["type"].value)])
        case dict() as entries, Section():
            keys = shape.keys
            return {keys[key].field: _plain(e, keys[key].shape) for key, e in entries.items()}
        case dict() as entries, Table():
            return {key: _plain(entry, shape.value) for key, entry in entries.items()}
        case list() as items, Listing():
            return [_plain(item, shape.item) for item in items]
        case bool() as value, Leaf() if shape in (INTEGER, NUMBER):
            # pydantic would take true for 1.
            return str(value)
    return node.value


def _judge(error: ErrorDetails, tree: Node, root: Section) -> tuple[Node, Problem | None]:
    """Return the node that cannot be used because of `error`, and what to say of it."""
    node, shape = _located(error, tree, root)
    if isinstance(node.value, Unusable):
        return node, None
    if error["type"] == "missing" and isinstance(shape, Section):
        key = shape.written(str(error["loc"][-1]))
        return node, Problem(node.place, (*node.path, key), _required(shape, key))
    return node, Problem(node.place, node.path, _message(error, node, shape))


def _located(error: ErrorDetails, tree: Node, root: Section) -> tuple[Node, Shape]:
    """Return the node that `error` is about; of a missing key the mapping that lacks it."""
    node, shape = tree, cast(Shape, root)
    for step in error["loc"]:
        match node.value, shape:
            case _, Choice():
                shape = shape.sections[str(step)]
            case dict() as entries, Section():
                key = shape.written(str(step))
                if key not in entries:
                    break
                node, shape = entries[key], shape.keys[key].shape
            case dict() as entries, Table() if step in entries:
                node, shape = entries[str(step)], shape.value
            case list() as items, Listing():
                node, shape = items[int(step)], shape.item
            case _:
                break
    return node, shape


def _required(section: Section, key: str) -> str:
    ways = ["is required", *section.file_keys_of(key)]
    return ", or ".join(ways)


def _message(error: ErrorDetails, node: Node, shape: Shape) -> str:
    if error["type"] == "value_error" and isinstance(node.value, str | int | float):
        return requoted(str(error["ctx"]["error"]), node.value, node.written)
    expected, found = f"expected {shape.expected}", quoted(node.written)
    match node.value, shape:
        case None, _:
            return f"is empty: {expected}"
        case dict() | list() as items, _:
            kind = "a list" if isinstance(items, list) else "a mapping"
            return f"{expected}, not {kind}{_remedy(shape, node)}"
        case _, Leaf() if shape.words:
            return f"{expected}, not {found}{did_you_mean(node.written, shape.words)}"
        case _, Leaf() if shape in (TEXT, SECRET):
            return f"expected {TEXT.expected}: put it in quotes"
    single = found if isinstance(shape, Leaf) else f"a single value{_remedy(shape, node)}"
    return f"{expected}, not {single}"


def _remedy(shape: Shape, node: Node) -> str:
    """Return what to do where a list or a mapping belongs and something else stands."""
    match shape:
        case Listing():
            return ": begin each item with '- '"
        case Section():
            glued = next((key for key in shape.keys if node.written.startswith(f"{key}:")), None)
            if glued is not None:
                return f": put a space behind '{glued}:'"
            first = next((name for name, key in shape.keys.items() if key.required), None)
            return f": write it as '{first}: ...'" if first else ""
    return ""


def _keep_sound(node: Node, shape: Shape, unsound: Set[int]) -> bool:
    """Take what is `unsound`, by its id, out of the tree below `node`.

    Return whether `node` itself can stay.
    """
    if id(node) in unsound:
        return False
    match node.value, shape:
        case dict() as entries, Choice():
            return _keep_sound(node, shape.sections[str(entries["type"].value)], unsound)
        case dict() as entries, Section():
            for key, entry in list(entries.items()):
                if not _keep_sound(entry, shape.keys[key].shape, unsound):
                    del entries[key]
                    if shape.keys[key].required:
                        return False
        case dict() as entries, Table():
            for key, entry in list(entries.items()):
                if not _keep_sound(entry, shape.value, unsound):
                    del entries[key]
        case list() as items, Listing():
            items[:] = [item for item in items if _keep_sound(item, shape.item, unsound)]
    return True

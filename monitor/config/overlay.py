"""Laying settings from a stronger source over those from a weaker one.

Flags beat the environment, the environment beats the file. Sections are merged key by key;
lists, maps and single values are replaced whole.
"""

from monitor.config.document import Node
from monitor.config.problem import Path, Place, Problem, written_path
from monitor.config.shape import Section, shape_at


def put(tree: Node, path: Path, node: Node, problems: list[Problem]) -> None:
    """Lay `node` over what `tree` has at `path`, making what is missing on the way."""
    if isinstance(shape_at(path), Section) and isinstance(node.value, dict):
        for key, value in node.value.items():
            put(tree, (*path, key), value, problems)
        return
    holder = tree
    for depth, step in enumerate(path):
        is_last = depth == len(path) - 1
        found = holder.child(step)
        if is_last or found is None or found.value is None:
            next_is_item = not is_last and isinstance(path[depth + 1], int)
            found = node if is_last else Node([] if next_is_item else {}, node.place)
            if not _set(holder, step, found):
                _report_gap(holder, path[: depth + 1], node.place, problems)
                return
        holder = found


def _set(holder: Node, step: str | int, node: Node) -> bool:
    """Return whether `holder` has room for `step`: lists grow by one at a time."""
    match holder.value:
        case dict() as entries if isinstance(step, str):
            _forget_weaker(entries, step, node.place)
            entries[step] = node
            return True
        case list() as items if isinstance(step, int) and step <= len(items):
            items[step : step + 1] = [node]
            return True
    return False


def _forget_weaker(entries: dict[str, Node], key: str, place: Place) -> None:
    """Let a secret from a stronger source also replace one that was given the other way."""
    other = key.removesuffix("_file") if key.endswith("_file") else f"{key}_file"
    if other in entries and entries[other].place.rank < place.rank:
        del entries[other]


def _report_gap(holder: Node, path: Path, place: Place, problems: list[Problem]) -> None:
    # Where a weaker source wrote something else than a list or section, that is reported there.
    if isinstance(holder.value, list):
        message = f"there is no such item: {written_path(path[:-1])} has {len(holder.value)}"
        problems.append(Problem(place, path, message))

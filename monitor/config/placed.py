"""Mistakes that more than one section of the settings can hold, placed where they stand.

Used by the checks of what settings mean.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from urllib.parse import SplitResult, urlsplit

from monitor.alerts.matchers import MatcherError, parse_matchers
from monitor.config.document import Node, moved
from monitor.config.problem import Path, Problem, masked, quoted
from monitor.facts.scopes import IDENTITY
from monitor.values.suggestion import did_you_mean

ALERT_LABELS = tuple(dict.fromkeys(chain(("alertname", "severity"), *IDENTITY.values())))


def problem_at(tree: Node, path: Path, message: str, offset: int = 0) -> Problem:
    """Return a problem with the setting at `path`, or with the section that leaves it out."""
    node, unwritten = innermost(tree, path)
    if unwritten:
        return Problem(node.place, (*node.path, *unwritten), message)
    if offset and node.inner_place is None:
        message = f"{message} (at character {offset + 1})"
    return Problem(moved(node, offset), node.path, message)


def innermost(tree: Node, path: Path) -> tuple[Node, Path]:
    """Return the last node that was written on the way along `path`, and what is left of that."""
    node = tree
    for depth, step in enumerate(path):
        below = node.child(step)
        if below is None:
            return node, path[depth:]
        node = below
    return node, ()


def is_written(tree: Node, path: Path) -> bool:
    """Return whether any source gives the setting at `path`."""
    return not innermost(tree, path)[1]


def repeated_names(tree: Node, section: Path, key: str, names: Sequence[str]) -> Iterator[Problem]:
    """Yield what is wrong with the names of the items of a section: empty, or not unique."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not name:
            yield problem_at(tree, (*section, index, key), "must not be empty")
        elif name in seen:
            message = f"{quoted(name)} is used twice: each needs its own"
            yield problem_at(tree, (*section, index, key), message)
        seen.add(name)


def matcher_problems(texts: Sequence[str], tree: Node, path: Path) -> Iterator[Problem]:
    """Yield what is wrong with the matchers `texts`, which stand in a list at `path`."""
    for index, text in enumerate(texts):
        try:
            found = parse_matchers(text)
        except MatcherError as error:
            yield problem_at(tree, (*path, index), masked(error.message), error.offset)
            continue
        if not found:
            yield problem_at(tree, (*path, index), "must not be empty")
        for matcher in found:
            yield from label_problems(matcher.name, tree, (*path, index))


def label_problems(name: str, tree: Node, path: Path) -> Iterator[Problem]:
    """Yield what is wrong with the label `name` of alerts at `path`."""
    if name not in ALERT_LABELS:
        message = f"unknown label {quoted(name)}{did_you_mean(name, ALERT_LABELS)}"
        yield problem_at(tree, path, message)


def url_problems(url: str, tree: Node, path: Path) -> Iterator[Problem]:
    """Yield what is wrong with the http(s) URL at `path`."""
    parts = split_url(url)
    if not parts or not is_http(parts):
        yield problem_at(tree, path, not_a_url(url, "https://host/path"))


def not_a_url(text: str, example: str) -> str:
    """Return what to say of `text`, which is to be a URL like `example`, without a word of it."""
    if text.startswith("$"):
        return "is not a URL: a variable of the environment is written ${NAME}"
    return f"is not a URL: write it like {example}"


def split_url(url: str) -> SplitResult | None:
    """Return the parts of `url`; None if it is none."""
    try:
        parts = urlsplit(url)
        # Reading the port is what finds one that is no number.
        return parts if parts.port is None or parts.port else None
    except ValueError:
        return None


def is_http(parts: SplitResult) -> bool:
    """Return whether the parts are of an http(s) URL with a host."""
    return parts.scheme in ("http", "https") and bool(parts.hostname)

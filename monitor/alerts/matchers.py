"""Alertmanager's label matchers: `alertname="WorkerDead"`, `queue_name=~"high|low"`.

One parser for all that choose alerts by their labels: channels, silences, inhibition, and the
filters of the API.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal, cast

from msgspec import Struct

Op = Literal["=", "!=", "=~", "!~"]

MAX_PATTERN = 1_000
"""Characters of a regular expression; longer ones are a mistake, or an attack."""

_QUOTED = r'"(?:[^"\\]|\\.)*"'
# Filters come from whoever may read: possessive, so that none is tried in more than one way.
_MATCHER = re.compile(
    rf"\s*+(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*+|{_QUOTED})"
    r"\s*+(?P<op>=~|!~|!=|=)"
    rf'\s*+(?P<value>{_QUOTED}|[^",]*+)'
    r"\s*+(?:,|$)",
    re.DOTALL,
)
_ESCAPE = re.compile(r'\\([n"\\])')
_ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}


class MatcherError(ValueError):
    """A text that is no matcher; `offset` is the place in it, in characters from 0."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Matcher(Struct, frozen=True):
    """One condition on one label. A label that an alert does not have counts as empty."""

    name: str
    op: Op
    value: str

    @property
    def is_regex(self) -> bool:
        """Whether `value` is a regular expression, which must match the whole label value."""
        return self.op in ("=~", "!~")

    @property
    def is_equal(self) -> bool:
        """Whether the value must match; else it must not."""
        return self.op in ("=", "=~")

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether `labels` meet the condition."""
        found = labels.get(self.name, "")
        if self.is_regex:
            hit = _compiled(self.value).fullmatch(found) is not None
        else:
            hit = found == self.value
        return hit == self.is_equal

    def __str__(self) -> str:
        text = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.op}"{text}"'


def make_matcher(name: str, value: str, *, is_regex: bool, is_equal: bool) -> Matcher:
    """Return a checked matcher of the parts that Alertmanager's API has. Raises MatcherError."""
    op = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}
    return _checked(Matcher(name, cast(Op, op[is_regex, is_equal]), value), 0)


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Return the matchers in `text`: `a="x"`, or `{a="x", b!~"y|z"}`.

    As in Alertmanager, quotes may be left out, a backslash escapes `"`, `\\` and `n` and stands
    for itself before anything else, and `{}` has no matchers. Raises MatcherError.
    """
    start, end = 0, len(text.rstrip())
    body = text.lstrip()
    if body.startswith("{"):
        if not text.rstrip().endswith("}"):
            raise MatcherError("a '{' without its '}' at the end", len(text) - len(body))
        start, end = len(text) - len(body) + 1, end - 1
    matchers = []
    while text[start:end].strip():
        match = _MATCHER.match(text, start, end)
        if match is None:
            raise MatcherError('is not a matcher: write it like alertname="WorkerDead"', start)
        matcher = Matcher(
            _unquoted(match["name"]), cast(Op, match["op"]), _unquoted(match["value"].rstrip())
        )
        matchers.append(_checked(matcher, match.start("value")))
        start = match.end()
    return tuple(matchers)


def parse_all(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """Return the matchers in all of `texts`, in their order. Raises MatcherError."""
    return tuple(matcher for text in texts for matcher in parse_matchers(text))


def match_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether `labels` meet every one of `matchers`; there may be none."""
    return all(matcher.matches(labels) for matcher in matchers)


def _checked(matcher: Matcher, offset: int) -> Matcher:
    if matcher.is_regex:
        if len(matcher.value) > MAX_PATTERN:
            raise MatcherError(f"is longer than {MAX_PATTERN} characters", offset)
        try:
            _compiled(matcher.value)
        except (re.error, OverflowError, RecursionError) as error:
            raise MatcherError(f"is not a regular expression: {error}", offset) from error
    return matcher


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], text[1:-1] if quoted else text)

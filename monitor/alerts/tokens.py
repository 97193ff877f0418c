"""The words of a rule expression. Called by the parser in `expression.py`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from monitor.values.units import parse_duration, parse_size

TokenKind = Literal["number", "seconds", "bytes", "text", "name", "operator", "end"]

MAX_TOKENS = 200
"""Nobody can read a longer condition, and the stack must not be a limit of the language."""

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<quantity>\d[\w.]*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<operator><=|>=|==|!=|[-+*/()<>])"
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_UNITS: tuple[tuple[TokenKind, Callable[[str], float]], ...] = (
    ("seconds", parse_duration),
    ("bytes", parse_size),
)
_ADVICE = {
    "=": "write == to compare",
    "!": "write not",
    "&": "write and",
    "|": "write or",
    "%": "there is no percent: write 0.85 for 85 %",
    '"': "a quote is not closed",
    "'": "a quote is not closed",
}


class ExpressionError(ValueError):
    """An expression that cannot be used.

    `message` says why and what to write; `offset` is where in the text, counted in
    characters from 0.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Token:
    """One word, with its value in base units and its place in the text."""

    kind: TokenKind
    text: str
    value: float | str
    start: int

    @property
    def end(self) -> int:
        """The offset just past it."""
        return self.start + len(self.text)


def tokenize(text: str) -> tuple[Token, ...]:
    """Return the words of `text`, the last of kind `end`. Raises ExpressionError."""
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            advice = _ADVICE.get(text[at])
            raise ExpressionError(
                f"unexpected {text[at]!r}" + (f": {advice}" if advice else ""), at
            )
        if match.lastgroup != "space":
            if len(tokens) == MAX_TOKENS:
                raise ExpressionError(f"longer than {MAX_TOKENS} words: split the rule", at)
            tokens.append(_token(match))
        at = match.end()
    return (*tokens, Token("end", "", "", len(text)))


def _token(match: re.Match[str]) -> Token:
    text, start = match[0], match.start()
    match match.lastgroup:
        case "quantity":
            return _quantity(text, start)
        case "text":
            return Token("text", text, text[1:-1], start)
        case "name":
            return Token("name", text, text, start)
    return Token("operator", text, text, start)


def _quantity(text: str, start: int) -> Token:
    if _NUMBER.fullmatch(text):
        return Token("number", text, float(text), start)
    for kind, parse in _UNITS:
        try:
            return Token(kind, text, float(parse(text)), start)
        except ValueError:
            continue
    raise ExpressionError(
        f"{text!r} is not a number, a duration like 90s or 1h30m, or a size like 10MB", start
    )

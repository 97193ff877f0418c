"""What one scalar of a settings file means.

YAML 1.1, which PyYAML reads, takes `on` for true, `010` for 8 and `12:30` for 750. People mean
something else by them, or do not know; here they are errors with advice, and what remains is
read alike by everybody.
"""

import re
from collections.abc import Mapping

from monitor.config.problem import quoted

Scalar = str | int | float | bool | None

NOT_UNICODE = "is not valid Unicode text"

_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLEANS = {"true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,2})?")

_TRAPS = (
    (
        re.compile(r"yes|no|on|off", re.IGNORECASE),
        "is true or false to some readers of YAML and text to others: "
        "write true or false, or put it in quotes to mean the text",
    ),
    (
        re.compile(r"[-+]?0[0-9_]+"),
        "is octal to some readers of YAML: "
        "leave out the leading zero, or put it in quotes to mean the text",
    ),
    (
        re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"),
        "is a number in base 60 to some readers of YAML: put it in quotes to mean the text",
    ),
    (
        re.compile(
            r"[-+]?(0[xob][0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?|\.(inf|nan))", re.IGNORECASE
        ),
        "is not a plain decimal number of a sensible size: "
        "write one, or put it in quotes to mean the text",
    ),
)

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ScalarError(ValueError):
    """A scalar that cannot be read; `offset` is where in its text."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


def resolve(text: str) -> Scalar:
    """Return what the plain (unquoted) scalar `text` means.

    Raises ScalarError for what readers of YAML do not agree on.
    """
    if text in _NULLS:
        return None
    if text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    for trap, advice in _TRAPS:
        if trap.fullmatch(text):
            raise ScalarError(f"{quoted(text)} {advice}")
    return text


def substitute(text: str, environ: Mapping[str, str]) -> str:
    """Return `text` with each `${NAME}` replaced by that variable; `$${` stands for `${`.

    Raises ScalarError for a variable that is not set.
    """

    def replacement(match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        name, closed = match[1], match[2]
        if not closed:
            raise ScalarError("'${' without '}': write '$${' to mean the text", match.start())
        if not _VARIABLE.fullmatch(name):
            # Not quoted: it may be a piece of a password.
            raise ScalarError(
                "only ${NAME} is known: write '$${' to mean the text '${'", match.start()
            )
        if name not in environ:
            raise ScalarError(f"the environment variable {name} is not set", match.start())
        return environ[name]

    return _REFERENCE.sub(replacement, text)


def has_surrogates(text: str) -> bool:
    """Return whether `text` holds halves of characters, which cannot be written anywhere."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)

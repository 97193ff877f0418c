"""Values that settings give by glob of a name: the first glob that matches counts."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

Value = TypeVar("Value")


def first_match(by_glob: Mapping[str, Value], name: str) -> Value | None:
    """Return the value of the first glob that matches `name`; None where none does."""
    return next((value for glob, value in by_glob.items() if fnmatchcase(name, glob)), None)

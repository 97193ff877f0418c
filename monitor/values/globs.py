"""Globs of names: in settings, and in what is asked over HTTP."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase, translate
from typing import TypeVar

from monitor.values.names import bounded

Value = TypeVar("Value")


def glob_of(text: str) -> re.Pattern[str]:
    """Return the pattern of a glob from outside, to be matched with bounded names.

    `fnmatchcase` keeps tens of thousands of patterns, however long, and so whoever may ask could
    fill the memory: here what is long is cut as names are, and `re` keeps a few hundred.
    """
    return re.compile(translate(bounded(text)))


def first_match(by_glob: Mapping[str, Value], name: str) -> Value | None:
    """Return the value of the first glob that matches `name`; None where none does."""
    return next((value for glob, value in by_glob.items() if fnmatchcase(name, glob)), None)

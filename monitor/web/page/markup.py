"""Builds HTML in which nothing can be said that was not escaped.

A plain `str` is text and is escaped wherever it is put; only `Markup` goes in as it is, and
only `element` makes it.
"""

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"meta", "link", "img", "input"})


class Markup(str):
    """HTML that is finished."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str | None) -> Markup:
    """Return an element; None leaves an attribute out, `class_` and `data_label` lose and
    change their underscores."""
    opening = tag + "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{joined(children)}</{tag}>")


def joined(children: Iterable[str]) -> Markup:
    """Return `children` one after the other, the plain text among them escaped."""
    return Markup(
        "".join(child if isinstance(child, Markup) else escape(child) for child in children)
    )

"""A setting that must never be seen."""

from typing import Any


class Secret:
    """Holds a password, a token or a URL with credentials, and prints as stars.

    Whoever needs the text asks for it by `reveal()`, which makes every use easy to find.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> dict[str, Any]:
        # pydantic's duck-typed protocol; see values/units.py for why nothing is imported.
        return {
            "type": "function-after",
            "function": {"type": "no-info", "function": cls},
            "schema": {"type": "str", "strict": True},
        }

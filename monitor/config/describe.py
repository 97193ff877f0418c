"""What each setting is for, in the words beside its field. Read for the schema and the docs.

Python keeps no docstring of a field, so the source is read: only on demand, never at load.
"""

import ast
import inspect
import textwrap
from functools import cache


@cache
def descriptions(settings: type) -> dict[str, str]:
    """Return the docstrings of the fields of a settings dataclass, by the field's name.

    A field of a base class keeps the words it has there, where it is given no others.
    """
    found: dict[str, str] = {}
    for declared in reversed(settings.__mro__[:-1]):
        found |= _own(declared)
    return found


def _own(settings: type) -> dict[str, str]:
    source = textwrap.dedent(inspect.getsource(settings))
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101  # the source of a class is a class
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                found[name] = " ".join(words.split())
    return found

"""The typed tree of a rule expression, and the function that it is compiled to.

The parser makes it with every type checked; whoever translates expressions (to a function
here, to other languages elsewhere) walks it.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from math import isnan
from typing import Any, Literal

from monitor.facts.fact import Fact

Type = Literal["number", "boolean", "state", "seconds", "bytes", "timestamp", "text"]
"""What a value is. `text` is a state in quotes; the others are units of the catalogue."""

TYPE_WORDS: dict[Type, str] = {
    "number": "a number",
    "boolean": "true or false",
    "state": "a state",
    "seconds": "a duration",
    "bytes": "a size",
    "timestamp": "a point in time",
    "text": "a text",
}

Value = Callable[[Any], Any]
"""Takes an object of the scope; None stands for "not known"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all nodes have: a type, and where in the text they stand."""

    type: Type
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Node):
    """A number, a duration in seconds, a size in bytes, true, false, or a state in quotes."""

    value: float | bool | str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactName(Node):
    """A fact of the object."""

    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Node):
    """The opposite; unknown stays unknown."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative(Node):
    """The number with its sign changed."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Node):
    """`left` `op` `right`, with op one of + - * /."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Node):
    """`left` `op` `right`, with op one of == != < <= > >=."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Junction(Node):
    """Two operands or more joined by `and`, or by `or`."""

    op: Literal["and", "or"]
    operands: tuple[Node, ...]


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_COMPARISON: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compiled(node: Node) -> Value:  # noqa: PLR0911 - one return a kind of node
    """Return `node` as a function of an object, in Kleene's three-valued logic."""
    match node:
        case Constant(value=value):
            return lambda _: value
        case FactName(fact=fact):
            return fact.read
        case Not(operand=operand):
            return _not(compiled(operand))
        case Negative(operand=operand):
            return _negative(compiled(operand))
        case Arithmetic(op=op, left=left, right=right):
            return _arithmetic(_ARITHMETIC[op], compiled(left), compiled(right))
        case Comparison(op=op, left=left, right=Constant(value=bound)):
            return _comparison_with(_COMPARISON[op], compiled(left), bound)
        case Comparison(op=op, left=left, right=right):
            return _comparison(_COMPARISON[op], compiled(left), compiled(right))
        case Junction(op=op, operands=operands):
            return _junction(op == "or", tuple(map(compiled, operands)))
    raise TypeError(node)


def _not(operand: Value) -> Value:
    def value(obj: Any) -> bool | None:
        known = operand(obj)
        return None if known is None else not known

    return value


def _negative(operand: Value) -> Value:
    def value(obj: Any) -> Any:
        known = operand(obj)
        return None if known is None else -known

    return value


def _arithmetic(operate: Callable[[Any, Any], Any], left: Value, right: Value) -> Value:
    def value(obj: Any) -> Any:
        a, b = left(obj), right(obj)
        if a is None or b is None:
            return None
        try:
            result = operate(a, b)
        except ArithmeticError:
            return None
        # inf - inf is nan, which compares false with everything: that would be a claim.
        return None if isnan(result) else result

    return value


def _comparison(compare: Callable[[Any, Any], bool], left: Value, right: Value) -> Value:
    def value(obj: Any) -> bool | None:
        a, b = left(obj), right(obj)
        return None if a is None or b is None else compare(a, b)

    return value


def _comparison_with(compare: Callable[[Any, Any], bool], left: Value, bound: Any) -> Value:
    # Nearly every comparison of a rule is with a constant; this saves it a call an object.
    def value(obj: Any) -> bool | None:
        a = left(obj)
        return None if a is None else compare(a, bound)

    return value


def _junction(decides: bool, operands: tuple[Value, ...]) -> Value:
    """Return `or` when True decides it, `and` when False does."""

    def value(obj: Any) -> bool | None:
        result: bool | None = not decides
        for operand in operands:
            known: bool | None = operand(obj)
            if known is None:
                result = None
            elif known is decides:
                return decides
        return result

    return value

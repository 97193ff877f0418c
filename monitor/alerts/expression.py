"""The language of `when:` and `until:`: from text to a checked tree and a fast function.

An expression speaks of one object (a queue, a worker, ...) in the catalogue's fact names of
its scope. Every type and unit is checked here, when settings are loaded, so that evaluation
cannot fail. Called by `rules.py`, and by `prometheus_rules.py` for the tree.

    condition  := conjunct ("or" conjunct)*
    conjunct   := factor ("and" factor)*
    factor     := "not" factor | comparison
    comparison := sum [("==" | "!=" | "<" | "<=" | ">" | ">=") sum]
    sum        := product (("+" | "-") product)*
    product    := unary (("*" | "/") unary)*
    unary      := "-" unary | primary
    primary    := 100 | 90s | 10MB | "dead" | true | false | fact | "(" condition ")"
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from monitor.alerts.operations import (
    arithmetic,
    comparison,
    fact_named,
    require_boolean,
    require_quantity,
)
from monitor.alerts.tokens import ExpressionError, Token, tokenize
from monitor.alerts.tree import Constant, Junction, Negative, Node, Not, compiled
from monitor.facts.fact import Fact

MAX_DEPTH = 20
"""How deep parentheses, `not` and signs may be nested."""

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition on one object."""

    text: str
    scope: str
    tree: Node
    facts: tuple[Fact, ...]
    """The facts that it names, each once, in their order."""
    value: Callable[[Any], bool | None]
    """Takes an object of the scope; None when what is known does not decide it."""


def parse(text: str, scope: str) -> Expression:
    """Return the condition `text` on objects of `scope`. Raises ExpressionError."""
    parser = _Parser(text, scope)
    tree = parser.whole()
    return Expression(text, scope, tree, tuple(parser.facts), compiled(tree))


class _Parser:
    """Recursive descent: one method a line of the grammar."""

    def __init__(self, text: str, scope: str) -> None:
        self.facts: dict[Fact, None] = {}
        self._scope = scope
        self._tokens = tokenize(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        if len(self._tokens) == 1:
            raise ExpressionError("the condition is empty", 0)
        node = require_boolean(self._condition(), "a condition")
        if self._token.kind != "end":
            raise ExpressionError(f"unexpected {self._token.text!r}", self._token.start)
        return node

    def _condition(self) -> Node:
        return self._junction("or", self._conjunct)

    def _conjunct(self) -> Node:
        return self._junction("and", self._factor)

    def _junction(self, op: Literal["or", "and"], operand: Callable[[], Node]) -> Node:
        operands = [operand()]
        while self._take(op):
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        for node in operands:
            require_boolean(node, f"each side of {op}")
        return Junction(
            type="boolean",
            start=operands[0].start,
            end=operands[-1].end,
            op=op,
            operands=tuple(operands),
        )

    def _factor(self) -> Node:
        start = self._token.start
        if not self._take("not"):
            return self._comparison()
        operand = require_boolean(self._nested(self._factor), "what follows not")
        return Not(type="boolean", start=start, end=operand.end, operand=operand)

    def _comparison(self) -> Node:
        left = self._sum()
        op = self._take(*_COMPARISONS)
        if not op:
            return left
        node = comparison(op, left, self._sum())
        if self._token.text in _COMPARISONS:
            raise ExpressionError(
                "comparisons cannot be chained: join two by and", self._token.start
            )
        return node

    def _sum(self) -> Node:
        node = self._product()
        while op := self._take("+", "-"):
            node = arithmetic(op, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._unary()
        while op := self._take("*", "/"):
            node = arithmetic(op, node, self._unary())
        return node

    def _unary(self) -> Node:
        start = self._token.start
        if not self._take("-"):
            return self._primary()
        operand = require_quantity(self._nested(self._unary), "-")
        return Negative(type=operand.type, start=start, end=operand.end, operand=operand)

    def _primary(self) -> Node:
        token = self._token
        if self._take("("):
            node = self._nested(self._condition)
            if not self._take(")"):
                raise ExpressionError("a parenthesis is not closed", token.start)
            return node
        self._at += 1
        match token.kind:
            case "number" | "seconds" | "bytes" | "text":
                return Constant(
                    type=token.kind, start=token.start, end=token.end, value=token.value
                )
            case "name" if token.text in ("true", "false"):
                truth = token.text == "true"
                return Constant(type="boolean", start=token.start, end=token.end, value=truth)
            case "name" if token.text not in ("and", "or", "not"):
                node = fact_named(token, self._scope)
                self.facts[node.fact] = None
                return node
            case "end":
                raise ExpressionError("the condition ends too early", token.start)
        raise ExpressionError(f"unexpected {token.text!r}", token.start)

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _take(self, *words: str) -> str:
        """Step over the next word and return it if it is one of `words`, else return ""."""
        token = self._token
        if token.kind in ("operator", "name") and token.text in words:
            self._at += 1
            return token.text
        return ""

    def _nested(self, part: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH}", self._token.start)
        node = part()
        self._depth -= 1
        return node

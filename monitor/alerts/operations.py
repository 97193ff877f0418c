"""What rules may name and combine: makes nodes of the tree, with their types checked.

Called by the parser in `expression.py`. All that makes or takes a node raises ExpressionError with
the place and the remedy.
"""

from monitor.alerts.tokens import ExpressionError, Token
from monitor.alerts.tree import (
    TYPE_WORDS,
    Arithmetic,
    Comparison,
    Constant,
    FactName,
    Node,
    Type,
)
from monitor.facts.catalogue import FACTS, facts_of
from monitor.facts.fact import Fact
from monitor.values.suggestion import did_you_mean

_QUANTITIES: tuple[Type, ...] = ("number", "seconds", "bytes", "timestamp")
_TIMESTAMP_UNITS: dict[tuple[str, Type, Type], Type] = {
    ("-", "timestamp", "timestamp"): "seconds",
    ("-", "timestamp", "seconds"): "timestamp",
    ("+", "timestamp", "seconds"): "timestamp",
}


def facts_in_rules(scope: str) -> dict[str, Fact]:
    """Return the facts of `scope` that rules may name, by their names."""
    return {name: fact for name, fact in facts_of(scope).items() if fact.in_rules}


def fact_named(token: Token, scope: str) -> FactName:
    """Return the fact of `scope` that `token` names."""
    facts = facts_in_rules(scope)
    fact = facts.get(token.text)
    if fact is None:
        raise ExpressionError(_unknown(token.text, scope, facts), token.start)
    return FactName(type=fact.unit or "number", start=token.start, end=token.end, fact=fact)


def _unknown(name: str, scope: str, facts: dict[str, Fact]) -> str:
    if name in facts_of(scope):
        return f"{name!r} has more than one value for each {scope}, so a rule cannot name it"
    if any(name in fact.states for fact in facts.values()):
        return f'unknown fact {name!r}: a state stands in quotes, "{name}"'
    hint = did_you_mean(name, facts)
    others = sorted({fact.scope for fact in FACTS if fact.name == name and fact.in_rules})
    if others and not hint:
        hint = f" (it is a fact of {' and '.join(others)})"
    return f"unknown fact {name!r} of {scope}{hint}"


def require_boolean(node: Node, what: str) -> Node:
    """Return `node` if it is true or false; `what` names the place it stands in."""
    if node.type != "boolean":
        raise ExpressionError(
            f"{what} must be true or false, this is {TYPE_WORDS[node.type]}: "
            "compare it with something",
            node.start,
        )
    return node


def require_quantity(node: Node, op: str) -> Node:
    """Return `node` if `op` can reckon with it."""
    if node.type not in _QUANTITIES:
        raise ExpressionError(f"{op} cannot be used on {TYPE_WORDS[node.type]}", node.start)
    return node


def arithmetic(op: str, left: Node, right: Node) -> Arithmetic:
    """Return `left` `op` `right` in the unit that comes out."""
    require_quantity(left, op)
    require_quantity(right, op)
    result = _unit_of(op, left.type, right.type)
    if result is None:
        raise ExpressionError(
            f"{op} cannot combine {TYPE_WORDS[left.type]} with {TYPE_WORDS[right.type]}",
            right.start,
        )
    return Arithmetic(type=result, start=left.start, end=right.end, op=op, left=left, right=right)


def _unit_of(op: str, left: Type, right: Type) -> Type | None:
    if "timestamp" in (left, right):
        return _TIMESTAMP_UNITS.get((op, left, right))
    if op in ("+", "-"):
        return left if left == right else None
    if right == "number":
        return left
    if op == "*":
        return right if left == "number" else None
    return "number" if left == right else None


def comparison(op: str, left: Node, right: Node) -> Comparison:
    """Return `left` `op` `right`; both must be of one unit."""
    if isinstance(left, Constant) and not isinstance(right, Constant):
        left, right, op = right, left, {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(op, op)
    if isinstance(left, FactName) and left.type == "state":
        _check_state(op, left.fact, right)
    elif left.type != right.type or left.type == "text":
        raise ExpressionError(
            f"{TYPE_WORDS[left.type]} cannot be compared with "
            f"{TYPE_WORDS[right.type]}{_unit_advice(left, right)}",
            max(left.start, right.start),
        )
    elif left.type == "boolean" and op not in ("==", "!="):
        raise ExpressionError(f"true or false cannot be compared by {op}", left.start)
    start, end = min(left.start, right.start), max(left.end, right.end)
    return Comparison(type="boolean", start=start, end=end, op=op, left=left, right=right)


def _check_state(op: str, fact: Fact, right: Node) -> None:
    if op not in ("==", "!="):
        raise ExpressionError("a state can only be compared by == and !=", right.start)
    if not isinstance(right, Constant) or right.type != "text":
        raise ExpressionError(
            f"{fact.name} is a state: compare it with one of "
            + ", ".join(f'"{state}"' for state in fact.states),
            right.start,
        )
    if right.value not in fact.states:
        hint = did_you_mean(right.value, fact.states)
        raise ExpressionError(
            f"{right.value!r} is no {fact.name} of {fact.scope}{hint}: "
            f"there are {', '.join(fact.states)}",
            right.start,
        )


def _unit_advice(left: Node, right: Node) -> str:
    if not isinstance(right, Constant) or right.type != "number":
        return ""
    examples = {"seconds": f"{right.value:g}s", "bytes": f"{right.value:g}MB"}
    example = examples.get(left.type)
    return f": write its unit, like {example}" if example else ""

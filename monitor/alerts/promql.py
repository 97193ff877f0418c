"""A condition in PromQL. Called by `prometheus_rules.py`, which makes whole rules of it.

PromQL has no word for "not known": a series is there or it is not. So each condition has two
translations, the objects of which it is known to hold and those of which it is known not to; an
object of which it is not known is in neither. `not` swaps the two.

Facts are aggregated over the instances of a job, so that two daemons do not double an alert,
and joined within it.
"""

from collections.abc import Iterator, Mapping

from monitor.alerts.tree import (
    Arithmetic,
    Comparison,
    Constant,
    FactName,
    Junction,
    Negative,
    Node,
    Not,
    compiled,
)
from monitor.facts.fact import Fact
from monitor.facts.scopes import IDENTITY

Condition = str | bool
"""PromQL with a series for each object of which it holds; True: whatever is known of an
object, False: of none."""

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class NotExpressibleError(ValueError):
    """What a rule says that PromQL cannot; the message says why."""


def quoted(text: str) -> str:
    """Return `text` as a PromQL string."""
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'


def regex_of(glob: str) -> str:
    """Return the regular expression of Prometheus that matches what `glob` does.

    Raises NotExpressibleError.
    """
    if "[" in glob:
        raise NotExpressibleError(f"the glob {glob!r} has a set in brackets")
    wild = {"*": "(?s:.*)", "?": "(?s:.)"}
    return "".join(wild.get(character) or _escaped(character) for character in glob)


def _escaped(character: str) -> str:
    plain = character.isalnum() or character in "_-@"
    return character if plain else rf"\x{{{ord(character):x}}}"


class Translator:
    """Translates conditions on the objects of `scope` that match the globs of `where`."""

    def __init__(self, scope: str, where: Mapping[str, str]) -> None:
        self._by = ", ".join(("job", *IDENTITY[scope]))
        self._matchers = [f"{label}=~{quoted(regex_of(glob))}" for label, glob in where.items()]

    def known_true(self, node: Node) -> Condition:
        """Return of which objects the condition `node` is known to hold."""
        return self._known(node, True)

    def known_false(self, node: Node) -> Condition:
        """Return of which objects the condition `node` is known not to hold."""
        return self._known(node, False)

    def fact(self, fact: Fact, *matchers: str) -> str:
        """Return the values of `fact`, one an object."""
        selected = ",".join((*matchers, *self._matchers))
        return f"max by ({self._by}) ({fact.metric}{f'{{{selected}}}' if selected else ''})"

    def _known(self, node: Node, truth: bool) -> Condition:
        if not any(_facts(node)):
            return compiled(node)(None) is truth
        match node:
            case FactName(fact=fact):
                return f"{self.fact(fact)} == {truth:d}"
            case Not(operand=operand):
                return self._known(operand, not truth)
            case Junction(op=op, operands=operands):
                join = _all_of if (op == "and") is truth else _any_of
                return join([self._known(operand, truth) for operand in operands])
            case Comparison():
                return self._comparison(node, node.op if truth else _OPPOSITE[node.op])
        raise TypeError(node)

    def _comparison(self, node: Comparison, op: str) -> Condition:
        match node.left, node.right:
            case FactName(fact=fact), Constant(type="text", value=state):
                matcher = f"{fact.labels[0]}={quoted(str(state))}"
                return f"{self.fact(fact, matcher)} == {op == '==':d}"
            case left, right if left.type == "boolean":
                return self._same_truth(left, right, op == "==")
            case left, right:
                return self._order(left, right, op)

    def _same_truth(self, left: Node, right: Node, same: bool) -> Condition:
        ways = [
            _all_of([self._known(left, truth), self._known(right, truth is same)])
            for truth in (True, False)
        ]
        return _any_of(ways)

    def _order(self, left: Node, right: Node, op: str) -> Condition:
        a, b = self._quantity(left), self._quantity(right)
        if a is None or b is None:
            return False
        if op == "!=" and not (_is_plain(left) and _is_plain(right)):
            # What cannot be reckoned, inf - inf, is NaN and would be unequal to all.
            return _any_of([f"{a} < {b}", f"{a} > {b}"])
        return f"{a} {op} {b}"

    def _quantity(self, node: Node) -> str | None:
        """Return the number that `node` stands for, of each object; None: never known."""
        if not any(_facts(node)):
            value = compiled(node)(None)
            return None if value is None else _number(value)
        match node:
            case FactName(fact=fact):
                return self.fact(fact)
            case Negative(operand=operand):
                value = self._quantity(operand)
                return None if value is None else f"-({value})"
            case Arithmetic(op=op, left=left, right=right):
                a, b = self._quantity(left), self._quantity(right)
                if a is None or b is None or (op == "/" and b in ("0", "-0")):
                    return None
                if op == "/" and any(_facts(right)):
                    # Nothing is known of what is divided by nothing.
                    b = f"({b} != 0)"
                return f"({a} {op} {b})"
        raise TypeError(node)


def _facts(node: Node) -> Iterator[Fact]:
    match node:
        case FactName(fact=fact):
            yield fact
        case Not(operand=operand) | Negative(operand=operand):
            yield from _facts(operand)
        case Junction(operands=operands):
            for operand in operands:
                yield from _facts(operand)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            yield from _facts(left)
            yield from _facts(right)


def _is_plain(node: Node) -> bool:
    return isinstance(node, FactName | Constant)


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _all_of(conditions: list[Condition]) -> Condition:
    return _joined(conditions, "and", decides=False)


def _any_of(conditions: list[Condition]) -> Condition:
    return _joined(conditions, "or", decides=True)


def _joined(conditions: list[Condition], op: str, decides: bool) -> Condition:
    if decides in conditions:
        return decides
    parts = [part for part in dict.fromkeys(conditions) if isinstance(part, str)]
    if len(parts) < 2:
        return parts[0] if parts else not decides
    return "(" + f" {op} ".join(parts) + ")"

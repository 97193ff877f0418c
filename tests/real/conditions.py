"""Random rules, of everything that the language of conditions has."""

from random import Random

from monitor.alerts.settings import RuleSettings

_QUANTITIES: dict[str, tuple[str, ...]] = {
    "broker": ("connected_clients", "evicted_lately", "messages_lost_lately"),
    "queue": ("length", "workers", "processes", "arrival_rate", "dispatch_rate"),
    "worker": ("active", "load1", "recent_crashes"),
    "task": ("recently_failed", "recently_finished", "stuck"),
}
_SECONDS = {
    "queue": ("oldest_age", "max_age", "drain"),
    "task": ("longest_running", "max_runtime"),
    "broker": ("oldest_due_unacked_age", "visibility_timeout"),
}
_TRUTHS = {
    "broker": ("writable", "evicts_queues", "up"),
    "worker": ("up", 'state == "dead"', 'state != "busy"'),
    "queue": ('verdict == "growing"', 'verdict != "ok"', "true"),
    "task": ("false",),
}
_ORDERS = ("==", "!=", "<", "<=", ">", ">=")


def random_rules(random: Random, count: int) -> list[RuleSettings]:
    """Return `count` rules of no meaning; all of them may have a `keep_firing_for`, or none."""
    keep_firing_for = random.choice(((0.0,), (0.0, 60.0)))
    return [_rule(random, f"Random{n}", random.choice(keep_firing_for)) for n in range(count)]


def _rule(random: Random, name: str, keep_firing_for: float) -> RuleSettings:
    scope = random.choice(tuple(_QUANTITIES))
    return RuleSettings(
        alert=name,
        on=scope,  # type: ignore[arg-type]  # each of them is a scope, which a str does not say
        when=_condition(random, scope, 3),
        until=_condition(random, scope, 2) if random.random() < 0.4 else None,
        where={"broker": random.choice(("o*", "?wo", "*"))} if random.random() < 0.3 else {},
        for_=random.choice((0.0, 0.0, 30.0, 90.0)),
        keep_firing_for=keep_firing_for,
        severity=random.choice(("critical", "warning", "info")),
    )


def _condition(random: Random, scope: str, depth: int) -> str:
    if depth == 0 or random.random() < 0.3:
        return _comparison(random, scope)
    match random.randrange(4):
        case 0:
            return f"not ({_condition(random, scope, depth - 1)})"
        case 1:
            parts = [f"({_condition(random, scope, depth - 1)})" for _ in range(2)]
            return random.choice((" == ", " != ")).join(parts)
    op = random.choice((" and ", " or "))
    return op.join(f"({_condition(random, scope, depth - 1)})" for _ in range(2))


def _comparison(random: Random, scope: str) -> str:
    order = random.choice(_ORDERS)
    kind = random.random()
    if kind < 0.2:
        return random.choice(_TRUTHS[scope])
    if kind < 0.4 and scope in _SECONDS:
        left = random.choice(_SECONDS[scope])
        right = random.choice(("1m", "900s", "2 * 5m", "0.5 * {other}"))
        return f"{left} {order} {right.format(other=random.choice(_SECONDS[scope]))}"
    return f"{_sum(random, scope)} {order} {random.choice(('0', '3', '20', _sum(random, scope)))}"


def _sum(random: Random, scope: str) -> str:
    one, other = (random.choice(_QUANTITIES[scope]) for _ in range(2))
    return random.choice(
        (
            one,
            f"-{one}",
            f"{one} + {other}",
            f"{one} - {other} * 2",
            f"{one} / {other}",
            f"{one} / 4",
        )
    )

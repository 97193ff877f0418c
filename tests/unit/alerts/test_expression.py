import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.expression import parse
from monitor.alerts.tokens import ExpressionError
from monitor.facts.scopes import SCOPES
from monitor.facts.snapshot import BrokerFacts
from tests.unit.alerts.worlds import queue, worker

INFINITY = float("inf")


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("length > 100", {"length": 101}, True),
        ("length > 100", {"length": 100}, False),
        ("length > 100", {}, None),
        ("100 < length", {"length": 101}, True),
        ("not length > 100", {}, None),
        ("not not length > 100", {"length": 101}, True),
        # Kleene: what is known decides where it can.
        ("length > 100 or oldest_age > 60s", {"length": 101}, True),
        ("length > 100 or oldest_age > 60s", {"length": 5}, None),
        ("length > 100 or oldest_age > 60s", {"oldest_age_seconds": 61.0}, True),
        ("length > 100 and oldest_age > 60s", {"length": 5}, False),
        ("length > 100 and oldest_age > 60s", {"length": 101}, None),
        ("length > 100 and oldest_age > 60s", {"oldest_age_seconds": 9.0}, False),
        # `and` binds closer than `or`, `not` closer than `and`, arithmetic closest.
        ("length > 0 or length < 0 and workers > 9", {"length": 1, "workers": 1}, True),
        ("(length > 0 or length < 0) and workers > 9", {"length": 1, "workers": 1}, False),
        ("not length > 5 and workers == 1", {"length": 1, "workers": 1}, True),
        ("length + workers * 2 == 7", {"length": 1, "workers": 3}, True),
        ("(length + workers) * 2 == 8", {"length": 1, "workers": 3}, True),
        ("length - 1 - 1 == 1", {"length": 3}, True),
        ("-length < -2", {"length": 3}, True),
        ("length / workers > 10", {"length": 21, "workers": 2}, True),
        ("length / workers > 10", {"length": 21, "workers": 0}, None),
        ("length / workers > 10", {"length": 21}, None),
        ("oldest_age > max_age", {"oldest_age_seconds": 61.0, "max_age_seconds": 60.0}, True),
        ("oldest_age > 2 * max_age", {"oldest_age_seconds": 61.0, "max_age_seconds": 60.0}, False),
        ("oldest_age / max_age > 0.5", {"oldest_age_seconds": 61.0, "max_age_seconds": 60.0}, True),
        # No number at all: saying false would be a claim.
        (
            "oldest_age - max_age > 0s",
            {"oldest_age_seconds": INFINITY, "max_age_seconds": INFINITY},
            None,
        ),
        ("oldest_age_exact == false", {"oldest_age_exact": False}, True),
        ("oldest_age_exact", {"oldest_age_exact": True}, True),
    ],
)
def test_a_condition_on_a_queue_is_true_false_or_unknown(text, facts, expected):
    assert parse(text, "queue").value(queue(**facts)) is expected


@pytest.mark.parametrize(
    ("text", "state", "expected"),
    [
        ('state == "dead"', "dead", True),
        ('state == "dead"', "online", False),
        ('state == "dead"', None, None),
        ('"dead" != state', "online", True),
        ("not up", "dead", True),
        ("not up", "offline", None),
        ('up or state == "offline"', "offline", True),
    ],
)
def test_a_condition_on_a_worker_knows_its_state(text, state, expected):
    assert parse(text, "worker").value(worker(state=state)) is expected


def test_points_in_time_can_be_subtracted_and_sizes_divided():
    broker = BrokerFacts(broker="b", memory_used_bytes=900, memory_max_bytes=1000)
    assert parse("memory_used / memory_max > 0.85", "broker").value(broker) is True
    assert parse("last_seen - last_seen > 5s", "worker").tree.type == "boolean"


def test_an_expression_names_its_facts_once_and_in_order():
    expression = parse("oldest_age > max_age or length > 5 and oldest_age > 1s", "queue")
    assert [fact.name for fact in expression.facts] == ["oldest_age", "max_age", "length"]


@pytest.mark.parametrize(
    ("text", "scope", "message", "offset"),
    [
        ("", "queue", "the condition is empty", 0),
        ("lenght > 5", "queue", "unknown fact 'lenght' of queue (did you mean 'length'?)", 0),
        ("up", "queue", "unknown fact 'up' of queue (it is a fact of broker and worker)", 0),
        (
            "failed > 3",
            "task",
            "'failed' has more than one value for each task, so a rule cannot name it",
            0,
        ),
        ("length > 5m", "queue", "a number cannot be compared with a duration", 9),
        (
            "oldest_age > 60",
            "queue",
            "a duration cannot be compared with a number: write its unit, like 60s",
            13,
        ),
        ("memory_used > 5s", "broker", "a size cannot be compared with a duration", 14),
        ("length + oldest_age > 3", "queue", "+ cannot combine a number with a duration", 9),
        ("oldest_age * oldest_age > 3", "queue", "* cannot combine a duration with a duration", 13),
        (
            "last_poll + last_poll > 3",
            "broker",
            "+ cannot combine a point in time with a point in time",
            12,
        ),
        ("up + 1 > 3", "broker", "+ cannot be used on true or false", 0),
        ("up > true", "broker", "true or false cannot be compared by >", 0),
        (
            'state == "ded"',
            "worker",
            "'ded' is no state of worker (did you mean 'dead'?): there are online, late, busy, "
            "hung, dead, draining, offline, unknown",
            9,
        ),
        ("state == dead", "worker", "unknown fact 'dead': a state stands in quotes, \"dead\"", 9),
        ('state > "dead"', "worker", "a state can only be compared by == and !=", 8),
        ('length == "dead"', "queue", "a number cannot be compared with a text", 10),
        ('"a" == "a"', "queue", "a text cannot be compared with a text", 7),
        ("1 < length < 5", "queue", "comparisons cannot be chained: join two by and", 11),
        (
            "length",
            "queue",
            "a condition must be true or false, this is a number: compare it with something",
            0,
        ),
        (
            "up and unacked",
            "broker",
            "each side of and must be true or false, this is a number: compare it with something",
            7,
        ),
        (
            "not unacked",
            "broker",
            "what follows not must be true or false, this is a number: compare it with something",
            4,
        ),
        ("(length > 3", "queue", "a parenthesis is not closed", 0),
        ("length > 3)", "queue", "unexpected ')'", 10),
        ("length >", "queue", "the condition ends too early", 8),
        ("length > and", "queue", "unexpected 'and'", 9),
        ("(" * 30 + "up", "broker", "nested deeper than 20", 21),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_a_remedy(text, scope, message, offset):
    with pytest.raises(ExpressionError) as caught:
        parse(text, scope)
    assert (caught.value.message, caught.value.offset) == (message, offset)


VOCABULARY = """length up state "dead" and or not ( ) < == 5 5m - /"""
WORDS = st.sampled_from(VOCABULARY.split(" "))


@settings(max_examples=150)
@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=60).map(" ".join)))
def test_any_text_is_an_expression_or_an_expression_error(text):
    for scope in SCOPES:
        try:
            parse(text, scope)
        except ExpressionError as error:
            assert 0 <= error.offset <= len(text)

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.expression import parse
from monitor.alerts.promql import NotExpressibleError, Translator, regex_of
from monitor.facts.catalogue import facts_of
from monitor.facts.scopes import IDENTITY
from monitor.values.globs import first_match

LENGTH = "max by (job, broker, queue_name) (celery_queue_length)"
AGE = "max by (job, broker, queue_name) (celery_queue_oldest_message_age_seconds)"
UP = "max by (job, broker, hostname) (celery_worker_up)"


def verdict(state: str) -> str:
    return f'max by (job, broker, queue_name) (celery_queue_verdict{{verdict="{state}"}})'


@pytest.mark.parametrize(
    ("scope", "text", "known_true", "known_false"),
    [
        ("queue", "length > 5", f"{LENGTH} > 5", f"{LENGTH} <= 5"),
        ("queue", "5 >= length", f"{LENGTH} <= 5", f"{LENGTH} > 5"),
        ("worker", "up", f"{UP} == 1", f"{UP} == 0"),
        ("worker", "not up", f"{UP} == 0", f"{UP} == 1"),
        ("worker", "up != true", f"{UP} == 0", f"{UP} == 1"),
        # An object of which one side is not known may be in one of the two all the same.
        ("queue", "length > 5 and oldest_age > 1m", f"({LENGTH} > 5 and {AGE} > 60)",
         f"({LENGTH} <= 5 or {AGE} <= 60)"),
        ("queue", "length > 5 or not oldest_age > 1m", f"({LENGTH} > 5 or {AGE} <= 60)",
         f"({LENGTH} <= 5 and {AGE} > 60)"),
        ("queue", 'verdict == "growing"', f"{verdict('growing')} == 1",
         f"{verdict('growing')} == 0"),
        ("queue", 'verdict != "ok"', f"{verdict('ok')} == 0", f"{verdict('ok')} == 1"),
        # What is divided by nothing is not known, and what is not known is unequal to nothing.
        ("queue", "oldest_age / length > 1s", f"({AGE} / ({LENGTH} != 0)) > 1",
         f"({AGE} / ({LENGTH} != 0)) <= 1"),
        ("queue", "length / 0 > 1", False, False),
        ("queue", "-length != 3", f"(-({LENGTH}) < 3 or -({LENGTH}) > 3)", f"-({LENGTH}) == 3"),
        # A condition without a fact is the same for all.
        ("queue", "1 < 2", True, False),
        ("queue", "1 / 0 > 2", False, False),
        ("queue", "length > 5 or true", True, False),
        ("queue", "length > 5 and true", f"{LENGTH} > 5", f"{LENGTH} <= 5"),
    ],
)  # fmt: skip
def test_a_condition_is_told_by_what_is_known_to_be_true_and_what_to_be_false(
    scope, text, known_true, known_false
):
    tree = parse(text, scope).tree
    translator = Translator(scope, {})
    assert translator.known_true(tree) == known_true
    assert translator.known_false(tree) == known_false


def test_where_selects_series():
    translator = Translator("queue", {"queue_name": "high*", "broker": 'a"b'})
    selected = translator.known_true(parse("length > 5", "queue").tree)
    assert selected == (
        "max by (job, broker, queue_name) "
        r'(celery_queue_length{queue_name=~"high(?s:.*)",broker=~"a\\x{22}b"}) > 5'
    )


def as_python(pattern: str) -> str:
    """Return a pattern of RE2 in the words of Python's `re`."""
    return re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: re.escape(chr(int(m[1], 16))), pattern)


@given(st.text(alphabet="ab*?.^$\\(|\n é-"), st.text(alphabet="ab.^$\\(|\n é-"))
def test_a_glob_and_its_regular_expression_match_the_same(glob, name):
    matches = first_match({glob: True}, name) is True
    assert (re.fullmatch(as_python(regex_of(glob)), name) is not None) is matches


def test_a_glob_with_a_set_is_refused():
    with pytest.raises(NotExpressibleError, match=r"the glob 'h\[0-9\]' has a set in brackets"):
        regex_of("h[0-9]")


def test_every_scope_of_a_rule_is_joined_by_its_identity():
    for scope, labels in IDENTITY.items():
        assert f"({', '.join(('job', *labels))})" in Translator(scope, {}).fact(_any_fact(scope))


def _any_fact(scope):
    return next(fact for fact in facts_of(scope).values() if fact.in_rules)

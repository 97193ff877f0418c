import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.summary import parse_summary
from monitor.alerts.tokens import ExpressionError
from monitor.facts.snapshot import BrokerFacts
from tests.unit.alerts.worlds import queue, rule, worker

QUEUE = queue(length=523, oldest_age_seconds=61.4, oldest_age_exact=False)


@pytest.mark.parametrize(
    ("template", "scope", "obj", "line"),
    [
        (
            "{queue_name}: {length} waiting, oldest {oldest_age}",
            "queue",
            QUEUE,
            "high: 523 waiting, oldest 1m 1s",
        ),
        ("{workers} of {broker}", "queue", QUEUE, "unknown of default"),
        ("exact: {oldest_age_exact} {{sic}}", "queue", QUEUE, "exact: no {sic}"),
        ("{hostname} {state}: {reason}", "worker", worker(state="dead", reason="silent"),
         "high@web1 dead: silent"),
        ("{reason}", "worker", worker(), "no reason known"),
        ("seen {last_seen}", "worker", worker(last_seen_at=0.0), "seen 1970-01-01T00:00:00.000Z"),
        ("load {load1}", "worker", worker(load1=0.123456), "load 0.1235"),
        (
            "{broker} uses {memory_used}: {error}",
            "broker",
            BrokerFacts(broker="b", memory_used_bytes=1536, error="no route"),
            "b uses 1.5 KiB: no route",
        ),
    ],
)  # fmt: skip
def test_values_are_written_as_people_read_them(template, scope, obj, line):
    assert parse_summary(template, scope).render(obj) == line


def test_without_a_summary_the_object_and_the_facts_are_named():
    compiled = rule("A{b}", "length > 5 or oldest_age > 60s")
    line = compiled.summary.render(QUEUE)
    assert line == "A{b} on queue default/high: length 523, oldest_age 1m 1s"


@pytest.mark.parametrize(
    ("template", "message", "offset"),
    [
        ("{lenght}", "{lenght} is not known of queue (did you mean 'length'?)", 1),
        ("x {reason}", "{reason} is not known of queue", 3),
        ("{length:>5}", "{length:>5} is not known of queue (did you mean 'length'?)", 1),
        ("a { b", "a single '{': write it twice to mean it", 2),
    ],
)
def test_a_wrong_placeholder_is_refused_with_its_place(template, message, offset):
    with pytest.raises(ExpressionError) as caught:
        parse_summary(template, "queue")
    assert (caught.value.message, caught.value.offset) == (message, offset)


def test_a_hostile_name_gives_a_bounded_line_of_valid_text():
    line = parse_summary("{queue_name}", "queue").render(queue("x" * 10_000 + "\udcff"))
    assert len(line.encode()) <= 256


@given(st.text())
def test_whatever_a_name_holds_it_is_one_word_of_the_command(name):
    template = parse_summary("inspect active -d {hostname} | tail", "worker")
    command = template.render_for_shell(worker(name))
    assert len(shlex.split(command)) == 6


def test_a_plain_name_stands_in_the_command_as_it_is():
    template = parse_summary("celery inspect ping -d {hostname}", "worker")
    assert template.render_for_shell(worker()) == "celery inspect ping -d high@web1"

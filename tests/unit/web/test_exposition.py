import math
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from monitor.facts.catalogue import FACTS
from monitor.facts.fact import Fact
from monitor.facts.scopes import IDENTITY
from monitor.facts.snapshot import Snapshot
from monitor.values.names import bounded
from monitor.web.exposition import Exposition, Format
from tests.unit.web.example import HIGH, NOW, SNAPSHOT, TASKS, WORKERS, blind, histogram

Sample = tuple[str, frozenset[tuple[str, str]], float]
BEGAN_AT = SNAPSHOT.at - 1.0
BOTH = pytest.mark.parametrize("form", Format)


def scrape(exposition: Exposition, snapshot: Snapshot, form: Format) -> list[Metric]:
    text = exposition.write(snapshot, form).decode()
    if form is Format.OPENMETRICS:
        return list(parse_openmetrics(text + "# EOF\n"))
    return list(parse_text(text))


def samples(families: Iterable[Metric]) -> list[Sample]:
    return [
        (sample.name, frozenset(sample.labels.items()), sample.value)
        for family in families
        for sample in family.samples
    ]


def value_of(families: Iterable[Metric], name: str, /, **labels: str) -> float | None:
    wanted = frozenset(labels.items())
    found = [value for n, have, value in samples(families) if n == name and wanted <= have]
    assert len(found) <= 1, found
    return found[0] if found else None


def expected(snapshot: Snapshot) -> Iterator[Sample]:
    """Every sample that the snapshot has, worked out the slow way."""
    for fact in FACTS:
        for thing in snapshot.of(fact.scope):
            identity = dict(zip(IDENTITY[fact.scope], thing.key, strict=True))
            value = fact.read(thing)
            if value is not None:
                for suffix, labels, number in _parts(fact, value):
                    yield (
                        fact.metric + suffix,
                        frozenset({**identity, **labels}.items()),
                        float(number),
                    )


def _parts(fact: Fact, value: Any) -> Iterator[tuple[str, dict[str, str], float]]:
    if fact.kind == "stateset":
        for state in fact.states:
            yield "", {fact.labels[0]: state}, state == value
    elif fact.kind == "info":
        yield "", dict(zip(fact.labels, value, strict=True)), 1
    elif fact.kind == "histogram":
        bounds = (*map(str, value.bounds), "+Inf")
        for bound, count in zip(bounds, accumulate(value.counts), strict=True):
            yield "_bucket", {"le": bound}, count
        yield "_sum", {}, value.sum
        yield "_count", {}, value.count
    elif fact.labels:
        for child, number in value.items():
            values = child if isinstance(child, tuple) else (child,)
            yield "", dict(zip(fact.labels, map(str, values), strict=True)), number
    else:
        yield "", {}, value


@BOTH
def test_a_parser_reads_the_numbers_of_the_snapshot(form: Format) -> None:
    exposition = Exposition(BEGAN_AT)
    scrape(exposition, SNAPSHOT, form)
    found = samples(scrape(exposition, SNAPSHOT, form))
    assert sorted(found, key=str) == sorted(expected(SNAPSHOT), key=str)


@BOTH
def test_every_row_of_the_catalogue_is_exposed_with_its_type_and_help(form: Format) -> None:
    families = {family.name: family for family in scrape(Exposition(BEGAN_AT), SNAPSHOT, form)}
    for fact in FACTS:
        family = families[fact.metric.removesuffix("_total")]
        kind = {"stateset": "gauge", "info": "gauge", "untyped": "unknown"}.get(
            fact.kind, fact.kind
        )
        assert (family.type, family.documentation) == (kind, fact.help)


def test_openmetrics_names_a_counter_without_total_and_an_untyped_one_unknown() -> None:
    text = Exposition(BEGAN_AT).write(SNAPSHOT, Format.OPENMETRICS).decode()
    assert "# TYPE celery_task_sent counter\n" in text
    assert "# TYPE celery_active_worker_count unknown\n" in text
    text = Exposition(BEGAN_AT).write(SNAPSHOT, Format.TEXT).decode()
    assert "# TYPE celery_task_sent_total counter\n" in text
    assert "# TYPE celery_active_worker_count untyped\n" in text


@given(
    name=st.text(st.characters(codec=None), max_size=300),
    other=st.text(st.characters(codec=None), max_size=300),
    form=st.sampled_from(Format),
)
@settings(max_examples=60)
def test_any_name_comes_back_from_the_parser(name: str, other: str, form: Format) -> None:
    tasks = (replace(TASKS[0], name=name, failed={other: 1}),)
    exposition = Exposition(BEGAN_AT)
    queues = (replace(HIGH, queue_name=other),)
    snapshot = replace(SNAPSHOT, brokers=(), workers=(), tasks=tasks, queues=queues)
    scrape(exposition, snapshot, form)
    families = scrape(exposition, snapshot, form)
    assert value_of(families, "celery_queue_length", queue_name=bounded(other)) == 1_243
    failed = value_of(
        families, "celery_task_failed_total", name=bounded(name), exception=bounded(other)
    )
    assert failed == 1


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (True, "1"),
        (False, "0"),
        (0, "0"),
        (2.5, "2.5"),
        (10**20, "1" + "0" * 20),
        (1e-9, "1e-09"),
    ],
)
def test_a_number_is_spelled_as_the_formats_want_it(value: float, spelled: str) -> None:
    snapshot = replace(SNAPSHOT, queues=(replace(HIGH, oldest_age_seconds=value),))
    line = (
        f'celery_queue_oldest_message_age_seconds{{broker="default",queue_name="high"}} {spelled}'
    )
    assert line in Exposition(BEGAN_AT).write(snapshot, Format.TEXT).decode().splitlines()


@BOTH
def test_what_a_blind_broker_hides_is_absent_and_never_zero(form: Format) -> None:
    exposition = Exposition(BEGAN_AT)
    scrape(exposition, SNAPSHOT, form)
    families = scrape(exposition, blind(), form)
    names = {name for name, _, _ in samples(families)}
    assert value_of(families, "celery_broker_up") == 0
    assert value_of(families, "celery_broker_last_poll_timestamp_seconds") == NOW - 42
    assert value_of(families, "celery_broker_poll_errors_total", reason="connect") == 9
    assert not names & {"celery_queue_length", "celery_worker_up", "celery_worker_state"}
    assert "celery_queue_length" not in exposition.write(blind(), form).decode()


def at(seconds: float, **changes: Any) -> Snapshot:
    return replace(SNAPSHOT, at=BEGAN_AT + seconds, **changes)


def test_a_task_is_shown_at_zero_by_the_scrape_that_first_shows_it() -> None:
    exposition = Exposition(BEGAN_AT)
    first = scrape(exposition, at(1), Format.TEXT)
    second = scrape(exposition, at(1), Format.TEXT)
    task = {"name": "site.mail.send_welcome"}
    for name, later in (
        ("celery_task_received_total", 1_400),
        ("celery_task_runtime_count", 4),
        ("celery_task_runtime_sum", 4.3),
    ):
        assert value_of(first, name, **task) == 0
        assert value_of(second, name, **task) == pytest.approx(later)
    assert value_of(first, "celery_task_last_sent_timestamp_seconds", **task) == NOW - 0.5


def test_each_reader_sees_a_new_exception_at_zero_once() -> None:
    exposition = Exposition(BEGAN_AT)
    for reader in ("a", "b"):
        for _ in range(2):
            exposition.write(at(5), Format.TEXT, reader)
    failed = {**TASKS[0].failed, "KeyError": 1}
    found = []
    for second, reader in ((10, "a"), (10, "b"), (15, "a"), (20, "b"), (20, "a")):
        later = at(second, tasks=(replace(TASKS[0], failed=failed),))
        text = exposition.write(later, Format.TEXT, reader).decode()
        families = list(parse_text(text))
        found.append(value_of(families, "celery_task_failed_total", exception="KeyError"))
        assert value_of(families, "celery_task_failed_total", exception="ValueError") == 3
    assert found == [0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("later_seconds", "shown"), [(1, 0), (299, 0), (301, 1_400), (86_400, 1_400)]
)
def test_who_was_not_here_lately_sees_the_zero_of_young_series_only(
    later_seconds: float, shown: float
) -> None:
    """It may be one that was here under another address, or the first after days."""
    for before in None, ("a", TASKS), ("b", ()):
        exposition = Exposition(BEGAN_AT)
        if before is not None:
            reader, tasks = before
            exposition.write(at(0.5, tasks=tasks), Format.TEXT, reader)
        text = exposition.write(at(later_seconds), Format.TEXT, "b").decode()
        received = value_of(parse_text(text), "celery_task_received_total", name=TASKS[0].name)
        assert received == shown


def test_a_task_that_was_gone_begins_at_zero_again() -> None:
    exposition = Exposition(BEGAN_AT)
    for second, tasks in ((1, TASKS), (2, TASKS), (3, TASKS[1:])):
        scrape(exposition, at(second, tasks=tasks), Format.TEXT)
    families = scrape(exposition, at(4), Format.TEXT)
    assert value_of(families, "celery_task_sent_total", name=TASKS[0].name) == 0
    assert value_of(families, "celery_task_failed_total", exception="ValueError") == 0


def test_counters_of_other_scopes_do_not_start_at_zero() -> None:
    families = scrape(Exposition(BEGAN_AT), SNAPSHOT, Format.TEXT)
    assert value_of(families, "celery_worker_processed_total", hostname="high@web1") == 9_120


def test_histogram_bounds_may_change_between_scrapes() -> None:
    exposition = Exposition(BEGAN_AT)
    scrape(exposition, SNAPSHOT, Format.TEXT)
    runtime = replace(histogram(0.2), bounds=(1.0, 2.0), counts=(4, 1, 2))
    changed = replace(SNAPSHOT, tasks=(replace(TASKS[0], runtime=runtime),))
    families = scrape(exposition, changed, Format.TEXT)
    assert value_of(families, "celery_task_runtime_bucket", le="2.0") == 5
    assert value_of(families, "celery_task_runtime_bucket", le="+Inf") == 7
    assert value_of(families, "celery_task_runtime_bucket", le="60.0") is None


def test_two_objects_of_one_name_make_one_series() -> None:
    twice = replace(SNAPSHOT, workers=(WORKERS[0], WORKERS[0]))
    found = samples(scrape(Exposition(BEGAN_AT), twice, Format.TEXT))
    assert len(found) == len({(name, labels) for name, labels, _ in found})


def test_a_queue_that_is_called_as_a_longer_name_is_cut_is_no_end() -> None:
    exposition = Exposition(BEGAN_AT)
    long = "x" * 300
    twice = (replace(HIGH, queue_name=long), replace(HIGH, queue_name=bounded(long)))
    for second, queues in ((1, twice), (2, ()), (3, twice)):
        found = samples(scrape(exposition, at(second, queues=queues), Format.TEXT))
        assert len(found) == len({(name, labels) for name, labels, _ in found})


def test_nothing_is_kept_of_what_is_gone() -> None:
    exposition = Exposition(BEGAN_AT)
    for n in range(1, 500):
        busy = at(
            n,
            tasks=(replace(TASKS[0], name=f"task-{n}"), replace(TASKS[1], failed={f"E{n}": 1})),
        )
        exposition.write(busy, Format.TEXT, f"reader-{n}")
    kept = repr([vars(scope) for scope in exposition._scopes.values()]) + repr(
        [vars(family) for scope in exposition._scopes.values() for _, family in scope.families]
    )
    kept += repr(vars(exposition._readers))
    for what in ("task-{}", "E{}", "reader-{}"):
        assert what.format(499) in kept
        assert what.format(400) not in kept

"""One timeline through the own engine and through Prometheus' own: the same alerts.

A failure names the seed: `pytest tests/real/test_promql.py` runs the same ones again.
"""

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.alerts.builtin import BUILTIN
from monitor.alerts.prometheus_rules import prometheus_rule
from monitor.alerts.promql import NotExpressibleError
from monitor.alerts.rules import Rule, compile_rule, rules_in_force
from monitor.alerts.settings import AlertSettings, RuleSettings
from monitor.facts.catalogue import FACTS
from monitor.facts.snapshot import Snapshot
from monitor.web.exposition import Exposition, Format
from tests.promtool import promtool
from tests.real.conditions import random_rules
from tests.real.timelines import INTERVAL_SECONDS, firing, timeline

RANDOM_RULES = 8
SEEDS = 20
SOAK_SEEDS = 200
ABSENT = object()


def test_promtool_and_the_engine_have_the_same_alerts_at_every_step(tmp_path: Path) -> None:
    compare(range(SEEDS), tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_they_have_the_same_alerts_on_many_timelines(tmp_path: Path) -> None:
    compare(range(SEEDS, SEEDS + SOAK_SEEDS), tmp_path)


def compare(seeds: range, folder: Path) -> None:
    expected = [write_test(seed, folder) for seed in seeds]
    files = [str(folder / f"test-{seed}.json") for seed in seeds]
    found = promtool("test", "rules", *files)
    output = found.stdout + found.stderr
    assert found.returncode == 0, output[:8000]
    assert output.count("SUCCESS") == len(seeds)
    # That nothing fired would prove nothing.
    fired = Counter(name for names in expected for name in names)
    print(f"{len(seeds)} timelines, {fired.total()} alerts at a step: {fired}")
    assert fired.keys() > {settings.alert for settings in BUILTIN}


def write_test(seed: int, folder: Path) -> list[str]:
    """Write promtool's files for the timeline of `seed`; return the names of what fires."""
    random = Random(seed)
    rules = [*BUILTIN, *random_rules(random, RANDOM_RULES)]
    objects_go = not any(rule.keep_firing_for for rule in rules)
    snapshots = list(timeline(random, objects_go))
    exported, kept = [], []
    for settings in rules:
        rule = compile_rule(settings)
        entry = expressible(settings)
        if entry is not None and not is_unknown_though_read(rule, snapshots):
            exported.append(entry)
            kept.append(rule)
    assert len(kept) >= len(BUILTIN)
    rule_file = folder / f"rules-{seed}.json"
    rule_file.write_text(json.dumps({"groups": [{"name": "all", "rules": exported}]}))
    steps = firing(tuple(kept), snapshots)
    names = dict.fromkeys(rule.alert for rule in kept)
    test = {
        "interval": f"{INTERVAL_SECONDS}s",
        "input_series": input_series(snapshots, rule_file.read_text()),
        "alert_rule_test": [
            {
                "eval_time": f"{step * INTERVAL_SECONDS}s",
                "alertname": name,
                "exp_alerts": [
                    {"exp_labels": {k: v for k, v in labels if k != "alertname"}}
                    for labels in sorted(alerts)
                    if ("alertname", name) in labels
                ],
            }
            for step, alerts in enumerate(steps)
            for name in names
        ],
    }
    file = {
        "rule_files": [str(rule_file)],
        "evaluation_interval": f"{INTERVAL_SECONDS}s",
        "tests": [test],
    }
    (folder / f"test-{seed}.json").write_text(json.dumps(file))
    return [dict(labels)["alertname"] for alerts in steps for labels in alerts]


def expressible(settings: RuleSettings) -> dict[str, Any] | None:
    try:
        rule = prometheus_rule(settings)
    except NotExpressibleError:
        assert settings not in BUILTIN
        return None
    # They are for people, and differ from one moment to the next.
    return {key: value for key, value in rule.items() if key != "annotations"}


def is_unknown_though_read(rule: Rule, snapshots: list[Snapshot]) -> bool:
    """Return whether the rule is ever blind for another reason than its broker."""
    for snapshot in snapshots:
        blind = {
            broker.broker
            for broker in snapshot.brokers
            if not broker.up
            or (rule.scope in ("worker", "task", "schedule") and not broker.events_connected)
        }
        for thing in snapshot.of(rule.scope):
            unknown = None in (rule.when.value(thing), rule.still_holds(thing))
            if thing.key[0] not in blind and unknown:
                return True
    return False


def input_series(snapshots: list[Snapshot], rules: str) -> list[dict[str, str]]:
    """Return what two daemons expose along the timeline, in promtool's notation.

    Only the metrics that `rules` name: the others only take time.
    """
    exposition = Exposition(0.0, [fact for fact in FACTS if fact.in_rules and fact.metric in rules])
    values: dict[str, list[Any]] = {}
    for step, snapshot in enumerate(snapshots):
        text = exposition.write(snapshot, Format.TEXT).decode()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                for instance in ("a", "b"):
                    labels = sample.labels | {"job": "celery", "instance": instance}
                    inside = ",".join(f"{name}={json.dumps(v)}" for name, v in labels.items())
                    series = values.setdefault(f"{sample.name}{{{inside}}}", [])
                    series += [ABSENT] * (step - len(series))
                    series.append(sample.value)
    return [
        {"series": name, "values": notation(series, len(snapshots))}
        for name, series in values.items()
    ]


def notation(series: list[Any], steps: int) -> str:
    """Return the values as a scraper stores them: an end is marked, then there is nothing."""
    words = []
    was_there = False
    for value in [*series, *[ABSENT] * (steps - len(series))]:
        if value is ABSENT:
            words.append("stale" if was_there else "_")
        else:
            words.append("Inf" if value == float("inf") else repr(value))
        was_there = value is not ABSENT
    return " ".join(words)


def test_promtool_finds_nothing_wrong_with_what_is_exported(tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    in_force = rules_in_force(AlertSettings(), "https://monitor/runbooks/")
    entries = [prometheus_rule(settings) for settings in in_force]
    rules.write_text(json.dumps({"groups": [{"name": "queue-monitor", "rules": entries}]}))
    found = promtool("check", "rules", "--lint=all", "--lint-fatal", str(rules))
    assert (found.returncode, found.stderr) == (0, "")

"""Each built-in rule has its runbook, and what runbooks name exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.bin.celery import celery
from celery.worker.control import Panel
from redis import Redis

from monitor.alerts.builtin import BUILTIN
from monitor.cli import parser_of
from monitor.facts.broker.resets import RESETS
from monitor.facts.broker.writability import OBSTACLES
from monitor.facts.catalogue import FACTS
from monitor.facts.scopes import IDENTITY
from monitor.values.units import format_duration

DOCS = Path(__file__).parents[2] / "docs"
RUNBOOKS = sorted(path for path in (DOCS / "runbooks").glob("*.md") if path.name != "README.md")
SECTIONS = (
    "How it is judged",
    "Likely causes",
    "What to do",
    "When to silence it",
    "How to tune it",
)
PROGRAMS = {"celery", "redis-cli", "queue-monitor"}
"""Those whose commands are checked; the others are of the host."""


def test_each_built_in_rule_has_its_runbook_and_no_other_has() -> None:
    assert [path.stem for path in RUNBOOKS] == sorted({rule.alert for rule in BUILTIN})


def test_the_index_names_them_all() -> None:
    index = (DOCS / "runbooks" / "README.md").read_text()
    assert re.findall(r"\[\w+\]\((\w+)\.md\)", index) == list(
        dict.fromkeys(rule.alert for rule in BUILTIN)
    )


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_a_runbook_answers_every_question_and_says_the_rule_as_it_is(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(f"# {path.stem}\n")
    assert tuple(re.findall(r"(?m)^## (.*)$", text)) == SECTIONS
    rows = [tuple(row) for row in re.findall(r"(?m)^\| `(.*)` \| (.*) \| (.*) \|$", text)]
    assert rows == [
        (rule.when, format_duration(rule.for_), rule.severity)
        for rule in BUILTIN
        if rule.alert == path.stem
    ]


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_facts_metrics_settings_and_alerts_in_a_runbook_exist(path: Path) -> None:
    text = path.read_text()
    metrics = {fact.metric for fact in FACTS}
    assert set(re.findall(r"\b(?:celery|queue_monitor)_\w+", text)) <= metrics
    settings = (DOCS / "settings.md").read_text()
    sections = r"poll|queues|workers|tasks|alerts|brokers\[\]|log_watch\[\]"
    for name in re.findall(rf"`((?:{sections})\.[\w.]+)`", text):
        assert f"`{name}" in settings, name
    assert set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", text)) <= {
        rule.alert for rule in BUILTIN
    }
    judged = text.split("## How it is judged")[1].split("## ")[0]
    words = {fact.name for fact in FACTS} | {state for fact in FACTS for state in fact.states}
    words |= {label for fact in FACTS for label in fact.labels} | {*OBSTACLES, *RESETS}
    words |= {label for labels in IDENTITY.values() for label in labels} | {"stats", "grace"}
    assert set(re.findall(r"`([a-z_]+)`", judged)) - metrics <= words


def commands() -> Iterator[str]:
    for path in RUNBOOKS:
        for block in re.findall(r"(?ms)^ *```sh\n(.*?)```", path.read_text()):
            yield from filter(None, (line.strip() for line in block.splitlines()))
    yield from (rule.command for rule in BUILTIN)


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_each_command_of_runbooks_and_rules_exists(command: str) -> None:
    program, *words = shlex.split(command.split("|", maxsplit=1)[0])
    match program:
        case "celery":
            assert words[:2] == ["-A", "proj"]
            assert words[2] in celery.commands
            if words[2] in ("inspect", "control"):
                assert Panel.meta[words[3]].type == words[2]
        case "redis-cli":
            assert words[:2] == ["-u", "$CELERY_BROKER_URL"]
            assert words[2] == "--bigkeys" or is_redis_command(words[2:4])
        case "queue-monitor":
            # argparse ends the program, and so the test, where it does not know the words.
            assert parser_of(words).parse_args(words)
        case _:
            assert program not in PROGRAMS


def is_redis_command(words: list[str]) -> bool:
    names = ("_".join(words).lower(), words[0].lower())
    return any(hasattr(Redis, name) for name in names)

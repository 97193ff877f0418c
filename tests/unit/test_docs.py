"""The documents and the program name the same things."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.commands import commands_reference
from grafana.catalogue import DASHBOARDS
from monitor import cli
from monitor.alerts.builtin import BUILTIN
from monitor.checks import command as check
from monitor.config.shape import root
from monitor.facts.catalogue import FACTS
from monitor.values.units import format_duration
from monitor.web.app import make_app
from tests.unit.test_cli import COMMANDS
from tests.unit.web.example import SNAPSHOT, FixedSource

ROOT = Path(__file__).parents[2]
PAGES = sorted({*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"})
TEXT = {page: page.read_text() for page in PAGES}
_EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
OF_OTHERS = {"celery_active_consumer_count"}
"""Metrics of other monitors, named where one comes from them."""


@_EACH_PAGE
def test_every_link_leads_to_a_file_that_is_there(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", TEXT[page])
    assert [target for target in targets if not (page.parent / target).exists()] == []


@_EACH_PAGE
def test_every_metric_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`((?:celery|queue_monitor)_[a-z0-9_]+)(?:\{[^`]*\})?`", TEXT[page]))
    names = {fact.metric for fact in FACTS}
    parts = {f"{fact.metric}_{part}" for fact in FACTS for part in ("bucket", "sum", "count")
             if fact.kind == "histogram"}  # fmt: skip
    modules = {path.stem for path in (ROOT / "monitor").glob("*.py")}
    assert named - names - parts - modules - OF_OTHERS == set()


@_EACH_PAGE
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    sections = "|".join(root().keys)
    named = re.findall(rf"`((?:{sections})(?:\[\])?\.(?!py|yml|db)[a-z_.\[\]]+)[:`]", TEXT[page])
    settings = TEXT[ROOT / "docs" / "settings.md"]
    assert [name for name in named if not re.search(rf"`{re.escape(name)}[`.]", settings)] == []


@_EACH_PAGE
def test_every_file_of_ours_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`((?:grafana|deploy|docs|monitor)/[\w./*-]*)`", TEXT[page])
    assert [name for name in named if not [*ROOT.glob(name.rstrip("/"))]] == []


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    known = {words[0] for words in COMMANDS}
    documented = set(re.findall(r"queue-monitor ([a-z][a-z-]+)", "\n".join(code())))
    assert (known - documented, documented - known) == (set(), set())


def code() -> Iterator[str]:
    """Yield what the documents show as something to type, or name as code."""
    for text in TEXT.values():
        for block in re.findall(r"(?ms)^```console\n(.*?)^```", text):
            yield from re.findall(r"(?m)^\$ (?:\S+/)?(queue-monitor .*)$", block)
        yield from re.findall(r"`(queue-monitor [^`]+)`", re.sub(r"(?ms)^```.*?^```", "", text))


def test_every_option_of_every_command_is_documented() -> None:
    assert TEXT[ROOT / "docs" / "commands.md"] == commands_reference(), (
        "make it anew: python -m docs.commands > docs/commands.md"
    )


def test_every_option_that_the_documents_type_exists() -> None:
    for typed in code():
        _, command, *words = re.split(r" [|>] ", typed)[0].split()
        parser = check.parser_of(words) if command == "check" else cli.parser_of([command])
        options = {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)}
        assert options <= options_below(parser), typed


def options_below(parser: argparse.ArgumentParser) -> set[str]:
    """Return the options of a command and of those below it."""
    found = {*parser._option_string_actions}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found = found.union(*map(options_below, action.choices.values()))
    return found


def test_every_variable_of_the_environment_that_is_read_is_documented() -> None:
    sources = "\n".join(file.read_text() for file in (ROOT / "monitor").rglob("*.py"))
    read = {*re.findall(r'environ(?:\.get\(|\[)"(\w+)"', sources)}
    assert {"CELERY_BROKER_URL", "STATE_DIRECTORY"} <= read
    text = "\n".join(TEXT.values())
    assert [name for name in sorted(read) if not re.search(rf"\b{name}\b", text)] == []


def end_points() -> set[str]:
    """Return the paths that are served, but for what belongs to the page."""
    found = {
        route.resource.canonical
        for route in make_app(FixedSource(SNAPSHOT)).router.routes()
        if route.resource is not None
    }
    return {path for path in found if not path.endswith((".js", ".css", ".svg"))}


def test_every_method_that_writes_is_documented() -> None:
    rows = TEXT[ROOT / "docs" / "api.md"].splitlines()
    for route in make_app(FixedSource(SNAPSHOT)).router.routes():
        if route.method not in ("GET", "HEAD") and route.resource is not None:
            (row,) = (row for row in rows if f"{route.resource.canonical}`" in row.split(" | ")[0])
            assert route.method in row


def test_every_end_point_is_documented_and_every_documented_end_point_is_served() -> None:
    rows = re.findall(r"(?m)^\| (`.*?`) \| ", TEXT[ROOT / "docs" / "api.md"])
    documented = {path for row in rows for path in re.findall(r"`(?:[A-Z]+ )?(/[^`]*)`", row)}
    assert documented == end_points()


def test_every_dashboard_is_documented() -> None:
    text = TEXT[ROOT / "docs" / "grafana.md"]
    assert set(re.findall(r"(?m)^\| ([A-Z]\w+) \| ", text)) == {each.title for each in DASHBOARDS}


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, look = set(), [ROOT / "README.md"]
    while look:
        page = look.pop()
        if page not in reached and page in TEXT:
            reached.add(page)
            links = re.findall(r"\]\(([^)#:]+\.md)(?:#[^)]*)?\)", TEXT[page])
            look += [(page.parent / link).resolve() for link in links]
    assert {*PAGES} - reached == set()


def test_the_readme_names_each_built_in_rule_and_how_long_it_waits() -> None:
    table = TEXT[ROOT / "README.md"].partition("| built-in rule |")[2].partition("\n\n")[0]
    named = re.findall(r"(?m)^\| `(\w+)` \| .* \| (\w+) \|$", table)
    assert len(named) == len(dict(named))
    assert dict(named) == {rule.alert: format_duration(rule.for_) for rule in BUILTIN}

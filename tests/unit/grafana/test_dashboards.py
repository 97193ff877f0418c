"""The dashboards as Grafana imports them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest

from grafana.catalogue import DASHBOARDS, FOLDER
from grafana.frame import ANNOTATIONS, Dashboard, to_json
from grafana.panels import Panel
from grafana.states import QUEUE_VERDICT, WORKER_STATE, StateSet
from monitor.facts.catalogue import FACTS

_BY_NAME = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda each: each.name)
_OF_PROMETHEUS = {"up", "scrape_samples_scraped"}
_OF_THE_PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes"}
_COUNTS = ("rate", "increase", "changes")


def document_of(dashboard: Dashboard) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(to_json(dashboard))
    return document


def panels_of(dashboard: Dashboard) -> Iterator[Panel]:
    return (panel for row in dashboard.rows for panel in row.panels)


def expressions() -> Iterator[tuple[str, str]]:
    for dashboard in DASHBOARDS:
        for panel in panels_of(dashboard):
            for query in panel.queries:
                yield f"{dashboard.name}: {panel.title}", query.expr
    for name, expr, _ in ANNOTATIONS:
        yield f"annotation: {name}", expr


_EACH_EXPRESSION = pytest.mark.parametrize("where, expr", [*expressions()])


def filled_in(expr: str) -> str:
    return re.sub(r"\$__\w+", "5m", expr).replace("$", "")


@_BY_NAME
def test_what_is_committed_is_what_is_built(dashboard: Dashboard) -> None:
    committed = (FOLDER / f"{dashboard.name}.json").read_text()
    assert committed == to_json(dashboard), "run `python -m grafana`"


def test_nothing_else_lies_beside_them() -> None:
    names = {f"{dashboard.name}.json" for dashboard in DASHBOARDS}
    assert {file.name for file in FOLDER.iterdir()} == names


def test_no_two_have_the_same_uid() -> None:
    uids = [document_of(dashboard)["uid"] for dashboard in DASHBOARDS]
    assert len(set(uids)) == len(uids)


@_BY_NAME
def test_the_rules_of_dashboard_linter_hold(dashboard: Dashboard) -> None:
    document = document_of(dashboard)
    assert document["editable"] is False
    variables = {each["name"]: each for each in document["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == (
        "datasource",
        "prometheus",
    )
    assert variables["datasource"]["label"] == "Data source"
    for name in ("job", "instance"):
        variable = variables[name]
        assert variable["datasource"]["uid"] == "${datasource}"
        assert (variable["multi"], variable["includeAll"], variable["allValue"]) == (
            True,
            True,
            ".+",
        )
        assert variable["label"] == name.capitalize()
    queries = [each for each in variables.values() if each["type"] == "query"]
    assert all(each["refresh"] == 2 for each in queries), "on a change of the time range"


@_BY_NAME
def test_every_panel_says_what_it_shows_and_in_which_unit(dashboard: Dashboard) -> None:
    for panel in document_of(dashboard)["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["targets"]
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"


@_BY_NAME
def test_every_colour_is_one_that_grafana_and_browsers_know(dashboard: Dashboard) -> None:
    """Grafana's own names and shades, or CSS names; another would be drawn as black."""
    shades, hues = "super-light|light|semi-dark|dark", "red|orange|yellow|green|blue|purple"
    known = re.compile(rf"(?:(?:{shades})-)?(?:{hues})|gray|lightgray")
    used = {color for panel in panels_of(dashboard) for _, color in panel.mappings.values()}
    used |= {color for panel in panels_of(dashboard) for color in panel.colors.values()}
    assert [color for color in used if not known.fullmatch(color)] == []


@pytest.mark.parametrize("states", [WORKER_STATE, QUEUE_VERDICT], ids=lambda each: each.label)
def test_every_state_of_the_catalogue_has_its_colour(states: StateSet) -> None:
    (fact,) = (fact for fact in FACTS if fact.metric == states.metric)
    assert {*states.colors} == {*fact.states}


@_BY_NAME
def test_panels_do_not_overlap_and_fit_the_width(dashboard: Dashboard) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in document_of(dashboard)["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells), panel["title"]
        taken |= cells


@_EACH_EXPRESSION
def test_every_expression_is_promql(where: str, expr: str) -> None:
    promql_parser.parse(filled_in(expr))


@_EACH_EXPRESSION
def test_no_expression_has_a_value_where_nothing_is_known(where: str, expr: str) -> None:
    """A 0 that comes from no series would be shown while nobody can be asked."""
    assert not re.search(r"\b(vector|absent)\(", expr)


@_EACH_EXPRESSION
def test_every_selector_asks_for_the_chosen_job_and_instance(where: str, expr: str) -> None:
    for matchers in re.findall(r"\{([^}]*)\}", expr):
        assert 'job=~"$job"' in matchers
        assert 'instance=~"$instance"' in matchers


@_EACH_EXPRESSION
def test_every_metric_is_one_of_the_catalogue_used_as_its_type_wants(where: str, expr: str) -> None:
    kinds = {fact.metric: fact.kind for fact in FACTS}
    buckets = {f"{fact.metric}_bucket": "counter" for fact in FACTS if fact.kind == "histogram"}
    kinds |= buckets | dict.fromkeys(_OF_PROMETHEUS, "gauge")
    kinds |= {name: "counter" if "total" in name else "gauge" for name in _OF_THE_PROCESS}
    for function, metric, window in re.findall(r"(\w*)\(?(?<!\w)(\w+)\{[^}]*\}(\[\S+\])?", expr):
        assert metric in kinds, metric
        is_counted = function in _COUNTS
        assert is_counted == (kinds[metric] == "counter"), f"{function}({metric})"
        assert is_counted == bool(window)
        if function in ("rate", "increase"):
            assert window == "[$__rate_interval]"


def test_links_lead_to_dashboards_that_exist_and_keep_the_time() -> None:
    uids = {document_of(dashboard)["uid"] for dashboard in DASHBOARDS}
    links = [panel.link for dashboard in DASHBOARDS for panel in panels_of(dashboard) if panel.link]
    assert links
    for link in links:
        path, _, parameters = link.partition("?")
        assert path.removeprefix("/d/") in uids
        assert "${__url_time_range}" in parameters
    for dashboard in DASHBOARDS:
        (link,) = document_of(dashboard)["links"]
        assert (link["keepTime"], link["includeVars"]) == (True, True)

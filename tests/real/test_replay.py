"""One run with faults in a real Prometheus: every panel and every rule finds what it asks for."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from grafana.catalogue import DASHBOARDS
from grafana.frame import ANNOTATIONS
from grafana.replay import KILLED, Replay, chosen, known, replayed
from tests.real.drop_in import DROP_IN
from tests.tools import require_tool

SCALED = Path(__file__).parents[2] / "deploy" / "keda" / "scaledobject.yaml"
ANY = chosen(DASHBOARDS[0])


@pytest.mark.timeout(240)
async def test_a_run_with_faults_fills_every_panel_and_every_rule() -> None:
    require_tool("prometheus")
    async with replayed() as replay:
        assert await _empty_panels(replay) == []
        assert await _empty_among(DROP_IN, replay) == []
        assert await _empty_among([_scaled_by()], replay) == []
        # The broker was not away.
        marked = [expr for name, expr, _ in ANNOTATIONS if name != "Broker away"]
        assert await _empty_among(marked, replay) == []
        await _no_rule_fails(replay)
        await _prometheus_alerted_on_the_death_and_on_its_end(replay)


def _scaled_by() -> str:
    """Return what KEDA asks for; the broker has another name here."""
    (trigger,) = yaml.safe_load(SCALED.read_text())["spec"]["triggers"]
    query: str = trigger["metadata"]["query"]
    return query.replace('broker="main"', 'broker="demo"')


async def _empty_panels(replay: Replay) -> list[str]:
    empty, panels, expressions = [], 0, 0
    for dashboard in DASHBOARDS:
        for panel in (panel for row in dashboard.rows for panel in row.panels):
            panels += 1
            for query in panel.queries:
                expressions += 1
                if not known(await replay.of(query.expr, chosen(dashboard))):
                    empty.append(f"{dashboard.name}: {panel.title}: {query.expr}")
    print(f"{len(DASHBOARDS)} dashboards, {panels} panels, {expressions} expressions")
    return empty


async def _empty_among(expressions: Sequence[str], replay: Replay) -> list[str]:
    print(f"{len(expressions)} expressions")
    return [expr for expr in expressions if not known(await replay.of(expr, ANY))]


async def _no_rule_fails(replay: Replay) -> None:
    groups = (await replay.get("rules"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert [rule for rule in rules if rule["health"] != "ok"] == []
    recorded = {rule["name"] for rule in rules if rule["type"] == "recording"}
    assert {name for name in recorded if not known(await replay.of(name, ANY))} == set()
    print(f"{len(rules)} rules, {len(recorded)} of them recording")


async def _prometheus_alerted_on_the_death_and_on_its_end(replay: Replay) -> None:
    (death,) = await replay.of('ALERTS{alertname="WorkerDead",alertstate="firing"}', ANY)
    assert death["metric"]["hostname"].startswith(f"{KILLED}@")
    last, _ = death["values"][-1]
    assert last < replay.ended_at - 1

import re

import pytest

from monitor.alerts.builtin import BUILTIN
from monitor.alerts.rules import rules_of
from monitor.alerts.settings import AlertSettings
from monitor.web.runbooks import names
from monitor.web.settings import WebSettings
from tests.unit.web.conftest import Client


async def test_each_built_in_alert_links_a_page_that_is_served(client: Client) -> None:
    for rule in rules_of(AlertSettings(), "/runbooks/"):
        answer = await client.get(rule.runbook)
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert f"<h1>{rule.alert}</h1>" in await answer.text()


async def test_they_are_drawn_in_the_style_of_this_version(client: Client) -> None:
    link = re.compile(r'rel="stylesheet" href="([^"]+)"')
    (of_page,) = link.findall(await (await client.get("/")).text())
    (of_runbook,) = link.findall(await (await client.get("/runbooks/WorkerDead")).text())
    assert of_runbook == f"../{of_page}"


async def test_the_index_links_every_page(client: Client) -> None:
    text = await (await client.get("/runbooks/")).text()
    linked = re.findall(r'<li>\s*(?:<p>)?<a href="(\w+)">', text)
    assert set(linked) == names() == {rule.alert for rule in BUILTIN}


async def test_nothing_else_is_served(client: Client) -> None:
    for path in ("/runbooks/Nothing", "/runbooks/..%2fsettings", "/runbooks/BrokerDown.md"):
        assert (await client.get(path)).status == 404


async def test_commands_and_tables_stand_as_such(client: Client) -> None:
    text = await (await client.get("/runbooks/WorkerDead")).text()
    assert "<pre><code" in text
    assert "<td><code>state == &quot;dead&quot;</code></td>" in text


@pytest.mark.parametrize(
    ("external_url", "page_url"),
    [
        (None, "http://web1:9808/"),
        ("https://monitor.example.com", "https://monitor.example.com/"),
        ("https://example.com/monitor/", "https://example.com/monitor/"),
    ],
)
def test_where_people_reach_the_page(external_url: str | None, page_url: str) -> None:
    assert WebSettings(external_url=external_url).page_url("http", "web1", 9808) == page_url

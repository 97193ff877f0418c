import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace

from monitor.facts.readings import Event
from monitor.facts.settings import WorkerSettings
from monitor.facts.workers.book import WorkerBook
from monitor.web.page.choice import Choice
from monitor.web.page.page import page, render
from monitor.web.page.view import View
from tests.unit.hostile import HOSTILE
from tests.unit.web.example import ALERTS, BROKER, HIGH, NOW, SNAPSHOT, WORKERS, alert, blind


def shown(kind: str = "overview", /, labels: Mapping[str, str] = {}, **changes: Any) -> str:
    fields: dict[str, Any] = {
        "snapshot": SNAPSHOT,
        "alerts": ALERTS,
        "notices": (),
        "now": NOW,
        "started_at": NOW - 7_200,
        "poll_interval_seconds": 5.0,
    }
    view = View(**{**fields, **changes})
    return page(view, render(view, kind, labels), kind)


class Reader(HTMLParser):
    """Reads a page as a browser does: tags, and the text of each row of each section."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.rows: dict[str, list[str]] = {}
        self._section = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "section":
            self._section = dict(attrs).get("id") or ""
            self.rows[self._section] = []
        elif tag == "tr":
            self.rows[self._section].append("")
        elif tag == "td":
            self.rows[self._section][-1] += " | "

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.rows.get(self._section):
            self.rows[self._section][-1] += data


def rows(html: str, section: str) -> list[str]:
    return Reader(html).rows[section][1:]


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_text_wherever_it_stands(name: str) -> None:
    tags = Reader(shown()).tags
    queue = replace(HIGH, queue_name=name)
    worker = replace(WORKERS[0], hostname=name, queues=(name, "b"), reason=name, version=name)
    task = replace(SNAPSHOT.tasks[0], name=name, queue_name=name)
    broker = replace(BROKER, broker=name, up=False, last_poll_at=None, error=name)
    html = shown(
        snapshot=replace(
            SNAPSHOT, brokers=(BROKER, broker), queues=(queue,), workers=(worker,), tasks=(task,)
        ),
        alerts=(
            alert(name, broker="default", queue_name=name, summary=name, resolved_reason=name),
        ),
        notices=(name,),
    )
    assert Reader(html).tags <= tags | {"ul", "li", "small"}
    html.encode("utf-8", "strict")
    assert html.replace("\n", "").isprintable()
    assert len(html) < 80_000


def test_a_long_name_is_cut_in_the_middle_and_whole_in_its_title() -> None:
    name = "shop." + "x" * 100 + ".the_end"
    html = shown(snapshot=replace(SNAPSHOT, queues=(replace(HIGH, queue_name=name),)))
    assert f'title="{name}"' in html
    (row,) = rows(html, "queues")
    assert "shop.xx" in row
    assert ".the_end |" in row
    assert name not in row


def test_a_script_is_never_a_runbook() -> None:
    evil = alert("X", broker="default", summary="x", runbook="javascript:alert(1)")
    assert "javascript:" not in shown(alerts=(evil,))


def test_the_header_links_to_where_the_settings_say_and_to_nothing_else() -> None:
    html = shown(links={"Grafana <b>": "https://grafana.example/d?a=1&b=2"})
    link = '<a href="https://grafana.example/d?a=1&amp;b=2">Grafana &lt;b&gt;</a>'
    assert f'<nav aria-label="Elsewhere">{link}</nav>' in html
    assert "Elsewhere" not in shown()


def test_the_worst_comes_first() -> None:
    html = shown()
    assert re.findall(r"<b><a [^>]+>(\w+)</a></b>", html) == ["QueueAbandoned", "WorkerDead"]
    assert [row.split(" | ")[2] for row in Reader(html).rows["other-alerts"] if " | " in row] == [
        "QueueTooLong",
        "BrokerDown",
    ]
    assert [row.split(" | ")[1] for row in rows(html, "queues")] == ["high", "normal", "low"]
    assert [row.split(" | ")[1] for row in rows(html, "workers")] == [
        "high@web1",
        "normal@web1",
        "low@web1",
    ]


def test_a_row_says_what_is_known_of_a_queue_and_a_worker() -> None:
    assert rows(shown(), "queues")[0] == (
        " | high | QueueAbandoned | 1,243 |  | 7 | ≥ 3m 4s | 4.5/s | 0 | never | 00 slots"
    )
    assert rows(shown(), "workers")[0] == (
        " | high@web1 | dead | silent for 14s, its deadline is 8s, and 2 pings were not answered"
        " | 2 of 2 |  | high | 14s ago"
    )


def test_an_exact_age_has_no_bound_before_it() -> None:
    (row,) = rows(
        shown(snapshot=replace(SNAPSHOT, queues=(replace(HIGH, oldest_age_exact=True),))),
        "queues",
    )
    assert " | 3m 4s | " in row


def test_a_blind_page_shows_no_number_of_before_and_no_zero() -> None:
    html = shown(snapshot=blind(), alerts=())
    assert "Blind: default cannot be read" in html
    assert "data 42s old" in html
    for row in (*rows(html, "queues"), *rows(html, "workers")):
        name, *cells = row.split(" | ")[1:]
        assert not set("".join(cells)) & set("0123456789"), (name, cells)
        assert "unknown" in cells
    assert "blind" in rows(html, "brokers")[0]
    assert "connection refused" in rows(html, "brokers")[0]


def test_a_sum_of_which_a_part_is_not_known_is_unknown() -> None:
    one = replace(SNAPSHOT, queues=(HIGH, blind().queues[0]))
    texts = Reader(shown(snapshot=one)).texts
    assert texts[texts.index("Waiting") + 1] == "unknown"


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({}, "2 firing: QueueAbandoned, WorkerDead"),
        ({"alerts": ALERTS[:1]}, "Nothing fires, 1 pending"),
        ({"alerts": ()}, "Nothing is wrong"),
        ({"alerts": (), "now": NOW + 60}, "Blind: default cannot be read"),
        ({"snapshot": None}, "Waiting for the first poll"),
        (
            {"snapshot": replace(SNAPSHOT, brokers=(replace(BROKER, up=None, last_poll_at=None),))},
            "Waiting for the first poll",
        ),
        (
            {"alerts": tuple(alert(f"Rule{n}", broker="default") for n in range(5))},
            "5 firing: Rule0, Rule1, Rule2 and 2 more",
        ),
    ],
)
def test_the_headline_says_what_is_the_matter(changes: dict[str, Any], headline: str) -> None:
    assert f">{headline}</p>" in shown(**changes)


def test_notices_stand_above_everything() -> None:
    html = shown(notices=("no notification channel is configured",))
    assert html.index("no notification channel is configured") < html.index("tiles")


def many_queues(number: int) -> Any:
    queues = tuple(replace(HIGH, queue_name=f"q{n:04}") for n in range(number))
    return replace(SNAPSHOT, queues=queues)


def test_a_long_table_is_paged() -> None:
    html = shown(snapshot=many_queues(1_234), choice=Choice("q0", {"queues": 3}))
    assert len(rows(html, "queues")) == 50
    assert "101 to 150 of 1,000" in html
    assert 'href="?q=q0&amp;queues=2#queues"' in html
    assert 'href="?q=q0&amp;queues=4#queues"' in html


def test_a_page_past_the_last_is_the_last() -> None:
    html = shown(snapshot=many_queues(60), choice=Choice("", {"queues": 999_999}))
    assert [row.split(" | ")[1] for row in rows(html, "queues")] == [
        f"q{n:04}" for n in range(50, 60)
    ]


def test_the_filter_finds_names_states_and_verdicts_whatever_their_case() -> None:
    for text, queues, workers in (
        ("HIGH", ["high"], ["high@web1"]),
        ("abandoned", ["high"], []),
        ("dead", [], ["high@web1"]),
        ("low", ["low"], ["low@web1"]),
    ):
        html = shown(choice=Choice(text))
        assert [row.split(" | ")[1] for row in rows(html, "queues") if " | " in row] == queues, text
        found = [row.split(" | ")[1] for row in rows(html, "workers") if " | " in row]
        assert found == workers, text
    assert "None matches “&lt;b&gt;”." in shown(choice=Choice("<b>"))


def test_brokers_are_named_where_there_are_several() -> None:
    two = replace(SNAPSHOT, brokers=(BROKER, replace(BROKER, broker="second")))
    assert rows(shown(snapshot=two), "queues")[0].startswith(" | default | high | ")


def test_two_workers_of_one_node_name_are_two_rows_and_the_name_is_counted() -> None:
    book = WorkerBook("default", WorkerSettings(), NOW - 60)
    book.feed(True, NOW - 60)
    for second in range(60):
        for pid in (11, 12):
            beat = Event(type="worker-heartbeat", hostname="celery@web1", pid=pid, freq=2, active=1)
            book.event(beat, NOW - 60 + second)
    html = shown(snapshot=replace(SNAPSHOT, workers=book.facts(NOW)))
    assert [row.split(" | ")[1:3] for row in rows(html, "workers")] == [
        ["celery@web1#11", "online"],
        ["celery@web1#12", "online"],
    ]
    assert "node names of several workers: 1" in rows(html, "brokers")[0]


def test_schedules_are_shown_with_those_that_were_missed_first() -> None:
    missed, learned = rows(shown(), "schedules")
    assert "daily report" in missed and "missed" in missed and "beat is silent" in missed
    assert "site.mail.send_welcome" in learned and "learned" in learned and "5m" in learned
    assert "schedules" not in Reader(shown(snapshot=replace(SNAPSHOT, schedules=()))).rows

import pytest
from msgspec.structs import replace

from monitor.channels.message import (
    MAX_ITEMS,
    incident_key,
    message_of,
    object_of,
    one_line,
    severity_of,
)
from monitor.channels.text import as_html, as_text
from tests.unit.alerts.worlds import alert
from tests.unit.channels.notices import FIRING, RESOLVED, notice

PAGE = "http://monitor:9808/"
HOSTILE = alert(
    queue_name='<script>&"',
    started_at=1.0,
    summary='<script>&": 7 waiting',
    runbook="javascript:alert(1)",
)


def test_a_message_says_all_that_a_tired_person_needs():
    assert as_text(message_of(notice(), PAGE)) == (
        "CRITICAL: high: 523 waiting\n"
        "  Alert:         TooMany\n"
        "  Where:         broker default, queue_name high\n"
        "  Since:         2023-11-14T22:13:20.250Z (2.8s ago)\n"
        "  Before:        length 96\n"
        "  Facts:         length 523\n"
        "  Likely cause:  no worker consumes it\n"
        "  First command: celery -A proj inspect active_queues\n"
        "  Runbook:       https://runbooks/TooMany\n"
        "\n"
        "Status page: http://monitor:9808/\n"
    )


def test_the_all_clear_says_how_long_it_lasted_and_why_it_is_over():
    text = as_text(message_of(notice(firing=(), resolved=(RESOLVED,)), PAGE))
    assert "RESOLVED: low: 101 waiting\n" in text
    assert "  Until:         2023-11-14T22:11:40.000Z (after 15m)\n" in text
    assert "  Why over:      forgotten after 1h\n" in text
    # What to do is no longer of use.
    assert "Runbook" not in text


HUNDRED = tuple(alert(queue_name=f"q{number:02}", started_at=1.0) for number in range(100))


@pytest.mark.parametrize(
    ("made", "title"),
    [
        (notice(), "CRITICAL TooMany: high: 523 waiting"),
        (notice(firing=(), resolved=(RESOLVED,)), "RESOLVED TooMany: low: 101 waiting"),
        (notice(firing=HUNDRED), "WARNING 100 x TooMany: q00, q01, q02 and 97 more"),
        (notice(firing=HUNDRED[:2]), "WARNING 2 x TooMany: q00, q01"),
        # The gravest comes first and gives the word.
        (notice(firing=(*HUNDRED[:2], FIRING)), "CRITICAL 3 x TooMany: high, q00, q01"),
    ],
)
def test_the_title_stands_alone(made, title):
    assert message_of(made, PAGE).title == title


def test_of_a_hundred_alerts_the_first_are_told_and_the_others_counted():
    message = message_of(notice(firing=HUNDRED), PAGE)
    assert (len(message.items), message.left_out) == (MAX_ITEMS, 90)
    assert "And 90 more alerts." in as_text(message)
    assert "And 90 more alerts." in as_html(message)


def test_html_escapes_what_came_from_outside():
    html = as_html(message_of(notice(firing=(HOSTILE,)), PAGE))
    assert "<script>" not in html
    assert "&lt;script&gt;&amp;&quot;: 7 waiting" in html
    # Only a link of the web may be followed.
    assert 'href="javascript' not in html
    assert '<a href="https://runbooks/TooMany">' in as_html(message_of(notice(), PAGE))


def test_the_gravest_of_what_fires_counts_then_of_what_is_over():
    assert severity_of(notice(firing=(HOSTILE,), resolved=(RESOLVED,))) == "warning"
    assert severity_of(notice(firing=(), resolved=(RESOLVED, HUNDRED[0]))) == "critical"


def test_the_incident_of_a_group_is_the_same_whatever_fires_in_it():
    assert incident_key(notice()) == incident_key(notice(firing=(), resolved=(RESOLVED,)))
    assert len(incident_key(notice())) == 64


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ((("alertname", "A"), ("broker", "b"), ("severity", "info")), "b"),
        ((("alertname", "A"), ("broker", "b"), ("hostname", "w@h"), ("severity", "info")), "w@h"),
        ((("broker", "b"), ("name", "add"), ("queue_name", "high")), "add/high"),
    ],
)
def test_what_an_alert_is_about(labels, name):
    assert object_of(replace(FIRING, labels=labels)) == name


def test_a_line_is_one_line_and_bounded():
    assert one_line("a\nb\r\n c", 10) == "a b c"
    assert one_line("x" * 11, 10) == "x" * 9 + "…"

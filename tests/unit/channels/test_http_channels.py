"""What the services that are reached over HTTP are sent, held to their documentation."""

import hashlib
import hmac
import json
import re
from datetime import datetime

import pytest
from msgspec.structs import replace

from monitor.channels.alertmanager import MAX_BATCH, AlertmanagerChannel
from monitor.channels.base import RefusedError, SendError
from monitor.channels.jira_service_management import JiraServiceManagementChannel
from monitor.channels.pagerduty import PagerDutyChannel
from monitor.channels.settings import (
    AlertmanagerSettings,
    JiraServiceManagementSettings,
    PagerDutySettings,
    SlackSettings,
    WebhookSettings,
)
from monitor.channels.slack import MAX_SECTION, SlackChannel, escaped
from monitor.channels.webhook import WebhookChannel
from monitor.values.secret import Secret
from tests.unit.alerts.worlds import alert
from tests.unit.channels.conftest import Answer
from tests.unit.channels.notices import FIRING, RESOLVED, notice

PAGE = "http://monitor:9808/"
ALL_CLEAR = notice(firing=(), resolved=(RESOLVED,))
LONG = replace(
    FIRING, summary="<!channel> & " + "x" * 20_000, command="`" * 20_000, cause="&" * 20_000
)
MANY = tuple(
    alert(queue_name=f"<q{number}>" + "&" * 200, started_at=1.0, summary="&" * 900)
    for number in range(300)
)

FOREIGN = tuple(
    replace(
        alert(queue_name=str(number), started_at=1.0),
        **dict.fromkeys(("summary", "cause", "command"), "\N{SNAKE}" * 5_000),
    )
    for number in range(10)
)
"""What takes most room in JSON."""


def pagerduty(url, session):
    settings = PagerDutySettings(type="pagerduty", routing_key=Secret("R" * 32), url=url)
    return PagerDutyChannel(settings, session, PAGE)


def jsm(url, session):
    settings = JiraServiceManagementSettings(
        type="jira_service_management", api_key=Secret("key"), url=f"{url}/v2/alerts"
    )
    return JiraServiceManagementChannel(settings, session, PAGE)


def slack(url, session):
    return SlackChannel(SlackSettings(type="slack", url=Secret(url)), session, PAGE)


def alertmanager(url, session, *more):
    urls = tuple(Secret(each) for each in (url, *more))
    settings = AlertmanagerSettings(type="alertmanager", urls=urls, bearer_token=Secret("t0ken"))
    return AlertmanagerChannel(settings, session, PAGE)


def webhook(url, session):
    settings = WebhookSettings(
        type="webhook",
        url=Secret(url),
        bearer_token=Secret("t0ken"),
        signing_secret=Secret("It's a Secret to Everybody"),
    )
    return WebhookChannel(settings, session, PAGE)


CHANNELS = [pagerduty, jsm, slack, alertmanager, webhook]


async def bodies(make, receiver, session, *notices):
    channel = make(receiver.url, session)
    for each in notices:
        await channel.send(each)
    return [json.loads(body) for _, _, body in receiver.requests]


async def test_pagerduty_is_told_of_one_incident_by_trigger_repeat_and_resolve(receiver, session):
    trigger, repeat, resolve = await bodies(
        pagerduty, receiver, session, notice(), notice(), ALL_CLEAR
    )
    assert trigger == repeat
    # https://developer.pagerduty.com: required are these four, and these three of the payload.
    assert trigger["routing_key"] == "R" * 32
    assert trigger["event_action"] == "trigger"
    assert trigger["payload"]["summary"] == "CRITICAL TooMany: high: 523 waiting"
    assert trigger["payload"]["source"] == "default"
    assert trigger["payload"]["severity"] == "critical"
    assert datetime.fromisoformat(trigger["payload"]["timestamp"]).timestamp() == 1_700_000_000.25
    assert trigger["payload"]["class"] == "TooMany"
    assert trigger["payload"]["component"] == "high"
    assert trigger["links"] == [{"href": "https://runbooks/TooMany", "text": "Runbook"}]
    assert (trigger["client"], trigger["client_url"]) == ("queue-monitor", PAGE)
    assert "celery -A proj inspect" in trigger["payload"]["custom_details"]["alerts"]
    assert len(trigger["dedup_key"]) <= 255
    assert resolve == {
        "routing_key": "R" * 32,
        "event_action": "resolve",
        "dedup_key": trigger["dedup_key"],
    }


@pytest.mark.parametrize(
    ("severity", "expected"),
    [("critical", "critical"), ("warning", "warning"), ("info", "info"), ("none", "info")],
)
async def test_pagerduty_knows_only_its_own_severities(receiver, session, severity, expected):
    made = notice(firing=(alert(severity=severity),))
    (event,) = await bodies(pagerduty, receiver, session, made)
    assert event["payload"]["severity"] == expected


@pytest.mark.parametrize("firing", [(LONG,), MANY, FOREIGN], ids=["long", "many", "foreign"])
async def test_pagerduty_takes_events_up_to_its_limits(receiver, session, firing):
    (event,) = await bodies(pagerduty, receiver, session, notice(firing=firing))
    assert len(event["payload"]["summary"]) <= 1024
    assert len(receiver.requests[0][2]) <= 512 * 1024


async def test_jira_service_management_is_created_and_closed_by_one_alias(receiver, session):
    create, again, close = await bodies(jsm, receiver, session, notice(), notice(), ALL_CLEAR)
    (path, headers, _), _, (closing_path, closing_headers, _) = receiver.requests
    assert path == "/v2/alerts"
    assert headers["Authorization"] == closing_headers["Authorization"] == "GenieKey key"
    assert create == again
    assert create["message"] == "CRITICAL TooMany: high: 523 waiting"
    assert create["priority"] == "P1"
    assert create["entity"] == "high"
    assert create["tags"] == ["celery", "TooMany"]
    assert create["details"] == {"alertname": "TooMany"}
    assert "First command: celery -A proj" in create["description"]
    # Without identifierType the service answers 202 and closes nothing.
    assert closing_path == f"/v2/alerts/{create['alias']}/close"
    assert receiver.queries == ["", "", "identifierType=alias"]
    assert close["source"] == create["source"] == "queue-monitor"
    assert "RESOLVED: low: 101 waiting" in close["note"]


@pytest.mark.parametrize("firing", [(LONG,), MANY], ids=["long", "many"])
async def test_jira_service_management_takes_alerts_up_to_its_limits(receiver, session, firing):
    made = notice(firing=firing), notice(firing=(), resolved=firing)
    create, close = await bodies(jsm, receiver, session, *made)
    assert len(create["message"]) <= 130
    assert len(create["alias"]) <= 512
    assert len(create["description"]) <= 15_000
    assert len(create["entity"]) <= 512
    assert len(create["tags"]) <= 20
    assert max(map(len, create["tags"])) <= 50
    assert len(json.dumps(create["details"])) <= 8_000
    assert len(close["note"]) <= 25_000


async def test_slack_gets_a_text_for_notifications_and_blocks_in_the_colour_of_the_state(
    receiver, session
):
    firing, over = await bodies(slack, receiver, session, notice(), ALL_CLEAR)
    assert firing["text"] == "CRITICAL TooMany: high: 523 waiting"
    (bar,) = firing["attachments"]
    header, section, context = bar["blocks"]
    assert header["text"]["type"] == "plain_text"
    assert section["text"]["text"] == (
        "CRITICAL: high: 523 waiting\n"
        "*Alert* TooMany\n"
        "*Where* broker default, queue_name high\n"
        "*Since* 2023-11-14T22:13:20.250Z (2.8s ago)\n"
        "*Before* length 96\n"
        "*Facts* length 523\n"
        "*Likely cause* no worker consumes it\n"
        "*First command* `celery -A proj inspect active_queues`\n"
        "*Runbook* https://runbooks/TooMany"
    )
    assert context["elements"][0]["text"] == f"<{PAGE}|Status page>"
    assert over["text"] == "RESOLVED TooMany: low: 101 waiting"
    assert over["attachments"][0]["color"] != bar["color"]


@pytest.mark.parametrize("firing", [(LONG,), MANY], ids=["long", "many"])
async def test_slack_takes_messages_up_to_its_limits_and_nobody_is_called(
    receiver, session, firing
):
    (body,) = await bodies(slack, receiver, session, notice(firing=firing))
    blocks = body["attachments"][0]["blocks"]
    assert len(blocks) <= 50
    assert len(blocks[0]["text"]["text"]) <= 150
    sections = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    assert max(map(len, sections)) <= MAX_SECTION
    for text in (body["text"], *sections):
        # No control sequence but our own, and no & that is not of an escape.
        assert "<" not in text
        assert re.sub(r"&(amp|lt|gt);", "", text).count("&") == 0


def test_slack_text_is_cut_between_escapes():
    assert escaped("<&>", 100) == "&lt;&amp;&gt;"
    assert escaped("&&&", 11) == "&amp;&amp;…"


async def test_alertmanager_gets_every_alert_with_its_end_ahead_or_past(receiver, session):
    (posted,) = await bodies(alertmanager, receiver, session, notice(resolved=(RESOLVED,)))
    ((path, headers, _),) = receiver.requests
    assert path == "/api/v2/alerts"
    assert headers["Authorization"] == "Bearer t0ken"
    resolved, firing = posted
    assert firing["labels"] == dict(FIRING.labels)
    assert firing["annotations"]["summary"] == "high: 523 waiting"
    assert firing["startsAt"] == "2023-11-14T22:13:20.250Z"
    # Four resends of a minute after the notice was made.
    assert firing["endsAt"] == "2023-11-14T22:17:23.000Z"
    assert firing["generatorURL"] == PAGE
    assert resolved["endsAt"] == "2023-11-14T22:11:40.000Z"


async def test_alertmanager_gets_many_alerts_in_several_requests(receiver, session):
    many = tuple(alert(queue_name=str(number), started_at=1.0) for number in range(MAX_BATCH + 1))
    first, second = await bodies(alertmanager, receiver, session, notice(firing=many))
    assert (len(first), len(second)) == (MAX_BATCH, 1)


async def test_an_alertmanager_that_is_down_does_not_hold_up_the_other(receiver, session):
    channel = alertmanager(receiver.url, session, "http://alertmanager.invalid")
    receipt = await channel.send(notice())
    assert receipt.problem.startswith("cannot connect: ")
    assert len(receiver.requests) == 1


async def test_when_no_alertmanager_takes_it_it_is_tried_again_if_one_may(receiver, session):
    receiver.answers = [Answer(400)]
    channel = alertmanager(receiver.url, session, "http://alertmanager.invalid")
    with pytest.raises(SendError) as caught:
        await channel.send(notice())
    assert type(caught.value) is SendError


async def test_a_webhook_is_signed_and_says_who_it_is(receiver, session):
    await bodies(webhook, receiver, session, notice())
    ((_, headers, body),) = receiver.requests
    assert headers["Authorization"] == "Bearer t0ken"
    expected = hmac.new(b"It's a Secret to Everybody", body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={expected}"


@pytest.mark.parametrize("make", CHANNELS)
@pytest.mark.parametrize(
    ("answer", "kind", "retry_after_seconds"),
    [
        (Answer(400), RefusedError, 0.0),
        (Answer(401), RefusedError, 0.0),
        (Answer(403), RefusedError, 0.0),
        (Answer(404), RefusedError, 0.0),
        (Answer(429, {"Retry-After": "30"}), SendError, 30.0),
        (Answer(500), SendError, 0.0),
        (Answer(503, {"Retry-After": "7"}), SendError, 7.0),
    ],
)
@pytest.mark.parametrize("made", [notice(), ALL_CLEAR], ids=["firing", "resolved"])
async def test_what_is_tried_again_and_what_is_not(
    receiver, session, make, answer, kind, retry_after_seconds, made
):
    receiver.answers = [answer]
    with pytest.raises(SendError) as caught:
        await make(receiver.url, session).send(made)
    assert type(caught.value) is kind
    assert caught.value.retry_after_seconds == retry_after_seconds


@pytest.mark.parametrize("make", CHANNELS)
async def test_what_the_receiver_said_is_kept(receiver, session, make):
    receiver.answers = [Answer(202, text="taken")]
    receipt = await make(receiver.url, session).send(notice())
    assert receipt.said in ("HTTP 202 Accepted: taken", "accepted")

import json
import socket
import subprocess
import sys

import pytest
from msgspec.structs import replace

from monitor.channels.base import ChannelError, RefusedError, SendError
from monitor.channels.sentry import SentryChannel
from monitor.channels.settings import SentrySettings
from monitor.values.secret import Secret
from tests.unit.alerts.worlds import alert
from tests.unit.channels.conftest import Answer
from tests.unit.channels.notices import FIRING, RESOLVED, notice


def channel(receiver, session, **settings):
    dsn = receiver.url.replace("http://", "http://pub@") + "/42"
    return SentryChannel(SentrySettings(type="sentry", dsn=Secret(dsn), **settings), session)


def events(receiver):
    return [json.loads(body.split(b"\n")[2]) for _, _, body in receiver.requests]


async def test_each_alert_is_an_event_of_its_own_issue(receiver, session):
    await channel(receiver, session, environment="prod").send(notice(resolved=(RESOLVED,)))
    resolved, firing = events(receiver)
    assert (firing["message"], firing["level"]) == ("high: 523 waiting", "fatal")
    assert firing["fingerprint"] == [FIRING.fingerprint]
    assert firing["environment"] == "prod"
    assert firing["tags"] == {
        "alertname": "TooMany",
        "broker": "default",
        "queue_name": "high",
        "severity": "critical",
        "state": "firing",
    }
    assert firing["contexts"]["alert"] == {
        "since": "2023-11-14T22:13:20.250Z",
        "cause": "no worker consumes it",
        "command": "celery -A proj inspect active_queues",
        "runbook": "https://runbooks/TooMany",
    }
    assert firing["contexts"]["facts"] == {"length": "523"}
    assert firing["contexts"]["facts before"] == {"length": "96"}
    assert (resolved["message"], resolved["level"]) == ("resolved: low: 101 waiting", "info")
    assert resolved["fingerprint"] == [RESOLVED.fingerprint]
    assert resolved["contexts"]["alert"]["until"] == "2023-11-14T22:11:40.000Z"


async def test_a_repeat_is_another_event_of_the_same_issue(receiver, session):
    made = channel(receiver, session)
    await made.send(notice())
    await made.send(replace(notice(), made_at=notice().made_at + 14_400.0))
    first, again = events(receiver)
    assert first["fingerprint"] == again["fingerprint"]
    # Sentry takes two events of one id for one.
    assert first["event_id"] != again["event_id"]
    assert first["timestamp"] != again["timestamp"]
    assert first["contexts"]["alert"] == again["contexts"]["alert"]


async def test_events_go_to_the_project_of_the_dsn(receiver, session):
    await channel(receiver, session).send(notice())
    ((path, headers, _),) = receiver.requests
    assert path == "/api/42/envelope/"
    assert "sentry_key=pub" in headers["X-Sentry-Auth"]


@pytest.mark.parametrize(
    ("severity", "level"), [("critical", "fatal"), ("warning", "warning"), ("info", "info")]
)
async def test_a_level_for_each_severity(receiver, session, severity, level):
    await channel(receiver, session).send(notice(firing=(alert(severity=severity),)))
    assert [event["level"] for event in events(receiver)] == [level]


async def test_nothing_of_the_host_is_sent(receiver, session):
    await channel(receiver, session).send(notice())
    (event,) = events(receiver)
    assert socket.gethostname() not in json.dumps(event)
    assert not {"user", "request", "extra", "modules", "breadcrumbs"} & event.keys()


@pytest.mark.parametrize(
    ("answer", "kind", "retry_after_seconds"),
    [
        (Answer(429, {"Retry-After": "60"}), SendError, 60.0),
        (Answer(503), SendError, 0.0),
        (Answer(403), RefusedError, 0.0),
    ],
)
async def test_it_says_when_an_event_did_not_arrive(
    receiver, session, answer, kind, retry_after_seconds
):
    receiver.answers = [answer]
    with pytest.raises(SendError) as caught:
        await channel(receiver, session).send(notice())
    assert type(caught.value) is kind
    assert caught.value.retry_after_seconds == retry_after_seconds


@pytest.mark.parametrize("password", ["s3cret", "s3c@s3cret"])
async def test_own_errors_are_sent_without_values_and_credentials(receiver, session, password):
    def fail(password):
        local = password
        raise ConnectionError(f"redis://user:{local}@broker:6379 is away")

    try:
        fail(password)
    except ConnectionError as error:
        await channel(receiver, session).report(error)
    (event,) = events(receiver)
    (exception,) = event["exception"]["values"]
    assert exception["type"] == "ConnectionError"
    assert exception["value"] == "redis://***@broker:6379 is away"
    assert [frame["function"] for frame in exception["stacktrace"]["frames"]][-1] == "fail"
    assert "s3cret" not in json.dumps(event)
    assert "vars" not in json.dumps(event)


@pytest.mark.timeout(10)
async def test_an_error_that_quotes_a_flood_is_reported_without_delay(receiver, session):
    await channel(receiver, session).report(ValueError("x" * 300_000))
    ((_, _, body),) = receiver.requests
    assert b"x" * 300_000 in body


@pytest.mark.parametrize("dsn", ["", "s3cret", "http://127.0.0.1/1", "http://s3cret@127.0.0.1/"])
async def test_a_wrong_dsn_is_named_and_not_shown(session, dsn):
    with pytest.raises(ChannelError) as caught:
        SentryChannel(SentrySettings(type="sentry", dsn=Secret(dsn)), session)
    assert str(caught.value) == "channel sentry: the dsn is not valid"


def test_the_sdk_is_not_imported_where_no_sentry_is_configured():
    program = "import sys, monitor.channels.table; sys.exit('sentry_sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

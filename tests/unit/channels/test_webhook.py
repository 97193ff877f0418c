import json

from monitor.channels.settings import WebhookSettings
from monitor.channels.webhook import WebhookChannel, payload
from monitor.values.secret import Secret
from tests.unit.alerts.worlds import alert
from tests.unit.channels.notices import FIRING, RESOLVED, notice

PAGE = "http://monitor:9808/"


def channel(url, session):
    return WebhookChannel(WebhookSettings(type="webhook", url=Secret(url)), session, PAGE)


def test_the_payload_is_alertmanagers_version_4():
    assert payload(notice(resolved=(RESOLVED,)), PAGE) == {
        "version": "4",
        "groupKey": '{}:{alertname="TooMany"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "webhook",
        "groupLabels": {"alertname": "TooMany"},
        "commonLabels": {"alertname": "TooMany", "broker": "default", "severity": "critical"},
        "commonAnnotations": {"runbook_url": "https://runbooks/TooMany"},
        "externalURL": PAGE,
        "alerts": [
            {
                "status": "resolved",
                "labels": {
                    "alertname": "TooMany",
                    "broker": "default",
                    "queue_name": "low",
                    "severity": "critical",
                },
                "annotations": {
                    "summary": "low: 101 waiting",
                    "runbook_url": "https://runbooks/TooMany",
                    "resolved_reason": "forgotten after 1h",
                },
                "startsAt": "2023-11-14T21:56:40.000Z",
                "endsAt": "2023-11-14T22:11:40.000Z",
                "generatorURL": PAGE,
                "fingerprint": RESOLVED.fingerprint,
            },
            {
                "status": "firing",
                "labels": {
                    "alertname": "TooMany",
                    "broker": "default",
                    "queue_name": "high",
                    "severity": "critical",
                },
                "annotations": {
                    "summary": "high: 523 waiting",
                    "cause": "no worker consumes it",
                    "command": "celery -A proj inspect active_queues",
                    "runbook_url": "https://runbooks/TooMany",
                },
                "startsAt": "2023-11-14T22:13:20.250Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": PAGE,
                "fingerprint": FIRING.fingerprint,
            },
        ],
    }


def test_a_notice_of_resolves_alone_is_resolved():
    assert payload(notice(firing=(), resolved=(RESOLVED,)), PAGE)["status"] == "resolved"


def test_an_alert_that_fires_anew_stands_after_its_end():
    before = alert(started_at=1.0, resolved_at=2.0)
    again = alert(started_at=3.0)
    alerts = payload(notice(firing=(again,), resolved=(before,)), PAGE)["alerts"]
    assert [alert["status"] for alert in alerts] == ["resolved", "firing"]


async def test_a_notice_is_posted_as_json(receiver, session):
    await channel(receiver.url + "/hook", session).send(notice())
    ((path, headers, body),) = receiver.requests
    assert (path, headers["Content-Type"]) == ("/hook", "application/json")
    assert json.loads(body) == payload(notice(), PAGE)

"""Notices for the tests of the channels."""

from monitor.alerts.alert import Alert, Notice
from tests.unit.alerts.worlds import alert

FIRING = alert(
    queue_name="high",
    severity="critical",
    started_at=1_700_000_000.25,
    summary="high: 523 waiting",
    runbook="https://runbooks/TooMany",
    cause="no worker consumes it",
    command="celery -A proj inspect active_queues",
    facts=(("length", "523"),),
    before=(("length", "96"),),
)
RESOLVED = alert(
    queue_name="low",
    severity="critical",
    started_at=1_699_999_000.0,
    resolved_at=1_699_999_900.0,
    resolved_reason="forgotten after 1h",
    summary="low: 101 waiting",
    runbook="https://runbooks/TooMany",
)


def notice(
    firing: tuple[Alert, ...] = (FIRING,),
    resolved: tuple[Alert, ...] = (),
    channel: str = "webhook",
) -> Notice:
    return Notice(
        channel=channel,
        group_key='{}:{alertname="TooMany"}',
        group_labels=(("alertname", "TooMany"),),
        firing=firing,
        resolved=resolved,
        made_at=1_700_000_003.0,
    )

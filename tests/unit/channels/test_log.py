import io
import logging

import pytest

from monitor import journal
from monitor.channels.log import LogChannel
from monitor.channels.settings import LogChannelSettings
from tests.unit.channels.notices import RESOLVED, notice


@pytest.fixture
def lines():
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    journal.set_up(journal.JournalSettings(), stream)
    yield lambda: stream.getvalue().splitlines()
    root.handlers[:], root.level = before


async def test_each_alert_is_one_line(lines):
    channel = LogChannel(LogChannelSettings(type="log"))
    await channel.send(notice(resolved=(RESOLVED,)))
    resolved, firing = (line.partition(" level=")[2] for line in lines())
    assert resolved == (
        'info logger=monitor.channels.log msg="alert resolved: low: 101 waiting" '
        "alertname=TooMany broker=default queue_name=low severity=critical "
        "since=2023-11-14T21:56:40.000Z until=2023-11-14T22:11:40.000Z "
        'resolved_reason="forgotten after 1h"'
    )
    assert firing == (
        'error logger=monitor.channels.log msg="alert firing: high: 523 waiting" '
        "alertname=TooMany broker=default queue_name=high severity=critical "
        "since=2023-11-14T22:13:20.250Z"
    )

import json
import subprocess
import sys

import pytest

from monitor.channels.apprise import AppriseChannel
from monitor.channels.base import ChannelError, SendError
from monitor.channels.settings import AppriseSettings
from monitor.values.secret import Secret
from tests.unit.channels.conftest import Answer
from tests.unit.channels.notices import RESOLVED, notice

PAGE = "http://monitor:9808/"


def channel(url, **settings):
    return AppriseChannel(AppriseSettings(type="apprise", url=Secret(url), **settings), None, PAGE)


async def test_a_notice_goes_through_apprise_with_its_kind(receiver):
    made = channel(receiver.url.replace("http", "json") + "/hook")
    await made.send(notice())
    await made.send(notice(firing=(), resolved=(RESOLVED,)))
    firing, over = (json.loads(body) for _, _, body in receiver.requests)
    assert (firing["type"], over["type"]) == ("failure", "success")
    assert firing["title"] == "CRITICAL TooMany: high: 523 waiting"
    assert "First command: celery -A proj inspect active_queues" in firing["message"]


async def test_what_apprise_could_not_send_is_tried_again(receiver):
    receiver.answers = [Answer(500)]
    with pytest.raises(SendError) as caught:
        await channel(receiver.url.replace("http", "json")).send(notice())
    assert type(caught.value) is SendError


def test_a_url_that_apprise_does_not_know_is_no_channel():
    with pytest.raises(ChannelError) as caught:
        channel("nosuchservice://t0ken")
    assert str(caught.value) == "channel apprise: apprise does not know the url"


def test_apprise_is_imported_only_where_it_is_used():
    code = "import monitor.channels.table, sys; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_apprise_its_user_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ChannelError) as caught:
        channel("json://localhost")
    assert "pip install 'celery-queue-monitor[apprise]'" in str(caught.value)

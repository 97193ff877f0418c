import json
import os
import subprocess
import sys

import pytest
import yaml

from monitor.channels.base import Receipt, RefusedError, SendError
from monitor.channels.trial import try_channel
from tests.acceptance.receiver import Receiver


class Scripted:
    name = "pager"

    def __init__(self, *results):
        self.results = list(results)
        self.notices = []

    async def send(self, notice):
        self.notices.append(notice)
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


@pytest.mark.parametrize(
    ("results", "arrived", "lines"),
    [
        (
            [Receipt("HTTP 202"), Receipt("HTTP 200")],
            True,
            ["pager: firing: delivered: HTTP 202", "pager: resolved: delivered: HTTP 200"],
        ),
        ([SendError("HTTP 500")], False, ["pager: firing: failed: HTTP 500"]),
        ([RefusedError("HTTP 401")], False, ["pager: firing: refused: HTTP 401"]),
        (
            [Receipt("ok"), RefusedError("HTTP 404")],
            False,
            ["pager: firing: delivered: ok", "pager: resolved: refused: HTTP 404"],
        ),
        (
            [Receipt("ok", problem="refused for a@b"), Receipt("ok")],
            False,
            [
                "pager: firing: delivered in part: refused for a@b",
                "pager: resolved: delivered: ok",
            ],
        ),
    ],
)
async def test_what_the_receiver_said_is_reported(results, arrived, lines):
    channel, said = Scripted(*results), []
    assert await try_channel(channel, 100.0, said.append) is arrived
    assert said == lines


async def test_a_test_alert_and_its_end_are_of_one_group_and_one_alert():
    channel = Scripted(Receipt(), Receipt())
    await try_channel(channel, 100.0, lambda line: None)
    firing, over = channel.notices
    assert (firing.status, over.status) == ("firing", "resolved")
    assert firing.group_key == over.group_key
    assert firing.firing[0].incarnation == over.resolved[0].incarnation


def notify(tmp_path, channels, name):
    file = tmp_path / "config.yaml"
    settings = {"brokers": [{"url": "redis://nowhere.invalid/0"}], "channels": channels}
    file.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "monitor", "notify", "test", name, "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    return done.returncode, done.stdout, done.stderr


def test_the_command_sends_both_and_says_so(tmp_path):
    with Receiver() as receiver:
        receiver.listen()
        status, output, _ = notify(tmp_path, [receiver.channel], "webhook")
        assert (status, json.dumps(receiver.notices).count("TestNotification") > 1) == (0, True)
    assert [notice["status"] for notice in receiver.notices] == ["firing", "resolved"]
    assert output == (
        "webhook: firing: delivered: HTTP 200 OK\nwebhook: resolved: delivered: HTTP 200 OK\n"
    )


def test_the_command_fails_where_the_receiver_is_not_there(tmp_path):
    with Receiver() as receiver:
        status, output, _ = notify(tmp_path, [receiver.channel], "webhook")
    assert status == 1
    assert output.startswith("webhook: firing: failed: cannot connect: ")


def test_a_channel_that_does_not_exist_is_a_usage_error(tmp_path):
    status, _, complaint = notify(tmp_path, [{"type": "log"}], "pager")
    assert (status, complaint) == (2, "queue-monitor: no channel 'pager': there is log\n")

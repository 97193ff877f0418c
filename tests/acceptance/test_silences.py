"""Silences of the whole daemon, by Alertmanager's own amtool and by our command."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import redis

from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver
from tests.tools import require_tool


@pytest.fixture
def daemon(daemon: Monitor, receiver: Receiver) -> Monitor:
    receiver.listen()
    daemon.start()
    return daemon


@pytest.fixture
def amtool(daemon: Monitor) -> Callable[..., Any]:
    """Runs the real amtool against the daemon, and returns what it prints as JSON or text."""
    program = require_tool("amtool")

    def run(*words: str, text: bool = False) -> Any:
        url = f"http://127.0.0.1:{daemon.port}"
        command = [program, f"--alertmanager.url={url}", *words]
        command += [] if text else ["--output=json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip() if text else json.loads(done.stdout)

    return run


def ours(daemon: Monitor, *words: str) -> tuple[int, str]:
    """Return exit status and output of `queue-monitor silence …` against the daemon."""
    url = f"http://127.0.0.1:{daemon.port}"
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "silence", *words, "--url", url],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def flood(client: "redis.Redis", queue: str) -> None:
    client.lpush(queue, *["{}"] * 20)


def firing(daemon: Monitor, count: int) -> None:
    daemon.until(lambda m: m.value("queue_monitor_alerts", state="firing") == count)


def statuses(receiver: Receiver, queue: str) -> list[str]:
    return [alert["status"] for alert in receiver.alerts(queue_name=queue)]


def test_a_silence_by_amtool_holds_back_what_it_is_about_until_it_ends(
    daemon: Monitor, amtool: Callable[..., Any], client: "redis.Redis", receiver: Receiver
) -> None:
    silence = amtool(
        "silence", "add", "queue_name=high", "--duration=1h", "--comment=deploy", text=True
    )
    flood(client, "high")
    flood(client, "low")
    receiver.until(1, queue_name="low")
    firing(daemon, 2)
    daemon.tick(5)
    assert statuses(receiver, "high") == []
    # It is not in the plain list, as with Alertmanager, and it still counts as firing.
    assert [
        a["labels"].get("queue_name") for a in amtool("alert", "query", "severity=warning")
    ] == ["low"]
    (silenced,) = amtool("alert", "query", "--silenced", "queue_name=~hi.*")
    assert silenced["status"]["silencedBy"] == [silence]
    (queried,) = amtool("silence", "query")
    assert (queried["id"], queried["comment"]) == (silence, "deploy")
    # It survives a crash.
    daemon.kill()
    daemon.start()
    firing(daemon, 2)
    daemon.tick(5)
    assert statuses(receiver, "high") == []
    amtool("silence", "expire", silence, text=True)
    receiver.until(1, queue_name="high")
    assert amtool("silence", "query") == []
    assert [each["id"] for each in amtool("silence", "query", "--expired")] == [silence]
    client.delete("high")
    receiver.until(2, queue_name="high")
    assert statuses(receiver, "high") == ["firing", "resolved"]
    assert statuses(receiver, "low") == ["firing"]


def test_what_was_told_is_resolved_although_it_is_silenced_and_what_was_not_is_never_told(
    daemon: Monitor, client: "redis.Redis", receiver: Receiver
) -> None:
    flood(client, "high")
    receiver.until(1, queue_name="high")
    status, silence = ours(daemon, "add", "Backlog", "--duration", "1h", "--comment", "deploy")
    assert status == 0
    flood(client, "low")
    firing(daemon, 2)
    daemon.tick(5)
    client.delete("high", "low")
    receiver.until(2, queue_name="high")
    assert statuses(receiver, "high") == ["firing", "resolved"]
    status, listed = ours(daemon, "list")
    assert status == 0
    assert listed.startswith(f"{silence}  active  until ")
    assert '{alertname="Backlog"}' in listed
    assert listed.endswith(": deploy")
    assert ours(daemon, "expire", silence) == (0, "")
    assert ours(daemon, "list") == (0, "")
    daemon.tick(5)
    assert statuses(receiver, "low") == []


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["add", "a=~(", "--comment", "x"], 2, "not a regular expression"),
        (["add", "A", "--duration", "1", "--comment", "x"], 2, "is not a duration"),
        (["add", "a=~.*", "--comment", "x"], 1, "400: bad silence: at least one matcher"),
        (["expire", "nothing"], 1, "404: no silence has the id nothing"),
        (["list", "--url", "ftp://x"], 2, "is not a URL"),
        (["list", "--url", "http://127.0.0.1:1"], 1, "cannot be asked: "),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(
    daemon: Monitor, words: list[str], status: int, said: str
) -> None:
    action, *rest = words
    # The last --url counts.
    url = f"http://127.0.0.1:{daemon.port}"
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "silence", action, "--url", url, *rest],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert said in done.stderr


def test_amtool_is_told_why_alerts_cannot_be_added(daemon: Monitor) -> None:
    command = [require_tool("amtool"), f"--alertmanager.url=http://127.0.0.1:{daemon.port}"]
    done = subprocess.run(
        [*command, "alert", "add", "alertname=Made"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "finds its alerts itself" in done.stderr


def test_a_proxy_cannot_write(daemon: Monitor) -> None:
    through_a_proxy = {"X-Forwarded-For": "127.0.0.1"}
    status, said = daemon.ask("DELETE", "/api/v2/silence/x", **through_a_proxy)
    assert (status, json.loads(said)) == (403, "changes are not taken through a proxy")


def test_what_happened_is_in_the_history_also_after_a_restart(
    daemon: Monitor, client: "redis.Redis", receiver: Receiver
) -> None:
    flood(client, "high")
    receiver.until(1)
    client.delete("high")
    receiver.until(2)
    daemon.tick()
    daemon.kill()
    daemon.start()
    entries = json.loads(daemon.get("/api/v1/history")[1])["entries"]
    assert [(e["kind"], e.get("state") or e["result"]) for e in reversed(entries)][-4:] == [
        ("alert", "firing"),
        ("notice", "delivered"),
        ("alert", "resolved"),
        ("notice", "delivered"),
    ]

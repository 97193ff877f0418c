"""The plugin that looks at a real broker by itself, without a daemon."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from monitor.broker.settings import BrokerSettings
from monitor.checks.direct import look
from monitor.demo.broker import EmbeddedBroker
from monitor.values.secret import Secret
from tests.broker.conftest import Workers

OK, WARNING, CRITICAL, UNKNOWN = range(4)


def check(*arguments: str) -> tuple[int, str]:
    """Run the plugin; return its exit status and its first line."""
    command = [sys.executable, "-m", "monitor", "check", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert found.stderr == ""
    return found.returncode, found.stdout.splitlines()[0]


def bind(client: "redis.Redis", *names: str, prefix: str = "") -> None:
    for name in names:
        client.sadd(f"{prefix}_kombu.binding.{name}", f"{name}\x06\x16\x06\x16{name}")


def test_queues_are_judged_by_their_lengths(broker: EmbeddedBroker, client: "redis.Redis") -> None:
    bind(client, "high", "low")
    client.lpush("high", *["{}"] * 8)
    client.lpush("high\x06\x169", *["{}"] * 5)
    at = ("--broker", broker.url)
    status, line = check("queues", "--warning", "10", "--critical", "50", *at)
    assert (status, line.partition(" | ")[0]) == (
        WARNING,
        "QUEUES WARNING - high: length 13 (outside 10)",
    )
    assert "high_length=13;10;50" in line and "low_length=0;10;50" in line
    assert check("queues", "--queue", "low", "--warning", "10", *at)[0] == OK
    assert check("queues", "--queue", "nowhere", *at) == (
        UNKNOWN,
        "QUEUES UNKNOWN - no queue 'nowhere' is known",
    )
    # A list without a binding is a queue all the same, while it holds messages.
    client.lpush("unbound", "{}")
    assert check("queues", "--queue", "unbound", "-c", "0", *at)[0] == CRITICAL
    # One look does not know how old a message without a stamp is.
    status, line = check("queues", "--queue", "high", "--fact", "oldest_age", "-w", "1", *at)
    assert (status, "oldest_age is not known" in line) == (UNKNOWN, True)


def test_prefix_separator_and_steps_are_celerys_own(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    bind(client, "high", prefix="app:")
    client.lpush("app:high:5", *["{}"] * 3)
    options = {"global_keyprefix": "app:", "sep": ":", "priority_steps": [0, 5], "max_retries": 3}
    client.sadd("app:_kombu.binding.x", "x:::high")
    at = ("--broker", broker.url, "--transport-options", json.dumps(options))
    assert check("queues", "--queue", "high", "-c", "2", *at)[0] == CRITICAL
    assert "high_length=3;;2" in check("queues", "--queue", "high", "-c", "2", *at)[1]


def test_workers_answer_a_round_of_questions(
    broker: EmbeddedBroker, client: "redis.Redis", workers: Workers
) -> None:
    at = ("--broker", broker.url)
    assert check("workers", "--expect", "1", *at) == (
        CRITICAL,
        "WORKERS CRITICAL - 0 live, 1 expected | workers=0;;1:",
    )
    workers.start("-n", "high@one", "-Q", "high", "-c", "2", "-P", "threads")
    deadline = time.monotonic() + 30
    while check("workers", "--expect", "1", *at)[0] != OK:
        assert time.monotonic() < deadline
    status, line = check("workers", "--worker", "high@one", *at)
    assert (status, "high@one: online" in line, "high@one_concurrency=2" in line) == (0, True, True)
    assert check("workers", "--worker", "high@two", *at)[0] == UNKNOWN
    assert check("workers", "--expect", "2", *at)[0] == CRITICAL
    assert check("queues", "--queue", "high", "--fact", "workers", "-c", "1:", *at)[0] == OK
    # Whoever listens and does not answer may be a worker that hangs: that cannot be told.
    with client.pubsub() as listener:
        listener.subscribe("/0.celery.pidbox")
        listener.get_message(timeout=5)
        assert check("workers", "--expect", "2", *at)[0] == UNKNOWN
    assert not client.keys("queue-monitor.reply.*")


def test_a_listener_that_does_not_answer_costs_a_hasty_check_only_what_it_would_say(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    bind(client, "high")
    client.lpush("high", *["{}"] * 8)
    with client.pubsub() as listener:
        listener.subscribe("/0.celery.pidbox")
        listener.get_message(timeout=5)
        status, line = check("queues", "-c", "5", "-t", "2", "--broker", broker.url)
    assert (status, "high: length 8 (outside 5)" in line) == (CRITICAL, True), line
    assert not client.keys("queue-monitor.reply.*")


def test_a_look_ends_in_time_although_the_broker_freezes_while_workers_are_asked(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    def freeze_once_asked() -> None:
        while not any(each["cmd"] == "brpop" for each in client.client_list()):
            time.sleep(0.01)
        broker.pause()

    target = BrokerSettings(url=Secret(broker.url))
    with client.pubsub() as listener, ThreadPoolExecutor() as threads:
        listener.subscribe("/0.celery.pidbox")
        listener.get_message(timeout=5)
        freezing = threads.submit(freeze_once_asked)
        looking = threads.submit(look, target, "queues", (), 1.0)
        try:
            freezing.result(timeout=10)
            seen = looking.result(timeout=10)
        finally:
            broker.resume()
    assert seen.brokers[0].error == "no answer within 1 s"


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["broker"], CRITICAL, "cannot be polled"),
        (["queues"], UNKNOWN, "cannot be read"),
        (["workers", "--expect", "1"], UNKNOWN, "cannot be read"),
        (["tasks"], UNKNOWN, "tasks are known to a daemon only"),
        (["alerts"], UNKNOWN, "alerts are known to a daemon only"),
        (["queues", "--url", "http://127.0.0.1"], UNKNOWN, "give --url"),
        (["queues", "--transport-options", "{"], UNKNOWN, "is not JSON"),
        (["queues", "--transport-options", '{"sepp": ":"}'], UNKNOWN, "did you mean 'sep'?"),
        (["queues", "--transport-options", '{"sep": 3}'], UNKNOWN, "Expected `str`"),
        (["queues", "--password-file", "/nowhere"], UNKNOWN, "No such file"),
    ],
)
def test_what_cannot_be_known_is_not_fine(arguments: list[str], status: int, text: str) -> None:
    found, line = check(*arguments, "--broker", "redis://127.0.0.1:1/0")
    assert (found, text in line) == (status, True), line


def test_a_password_is_neither_needed_in_the_command_line_nor_ever_shown(
    broker: EmbeddedBroker, client: "redis.Redis", tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("s3cr/t@\n")
    client.config_set("requirepass", "s3cr/t@")
    assert check("broker", "--broker", broker.url, "--password-file", str(file))[0] == OK
    file.write_text("wr0ng")
    status, line = check("broker", "--broker", broker.url, "--password-file", str(file), "-vvv")
    assert (status, "login was refused" in line, "wr0ng" in line) == (CRITICAL, True, False)


def test_hostile_queue_names_are_one_line_and_can_be_asked_for(
    broker: EmbeddedBroker, client: "redis.Redis"
) -> None:
    names = [b"a|b=1;2", b"line\nbreak", b"\xff\xfe", b"it's <b>", b"x" * 10_000]
    for name in names:
        client.sadd(b"_kombu.binding." + name, name + b"\x06\x16\x06\x16" + name)
        client.lpush(name, *["{}"] * 7)
    at = ("--broker", broker.url)
    status, line = check("queues", "-c", "5", "-v", *at)
    assert (status, line.count("|"), line.count("=7;;5")) == (CRITICAL, 1, len(names))
    for name in ("a|b=1;2", "line\nbreak", "it's <b>", "x" * 10_000):
        status, line = check("queues", "--queue", name, "-c", "5", *at)
        assert (status, "length 7 (outside 5)" in line) == (CRITICAL, True), line

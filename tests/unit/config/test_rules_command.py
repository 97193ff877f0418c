import asyncio
from base64 import b64encode
from collections import Counter
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from monitor.alerts.builtin import BUILTIN
from monitor.cli import main
from monitor.web.app import make_app
from monitor.web.server import serve
from tests.unit.checks.test_ask import GARBAGE, daemon_that
from tests.unit.web.example import ALERTS, SNAPSHOT, FixedSource

OWN = """
brokers: [{url: redis://x/0}]
alerts:
  builtin: false
  rules:
    - {alert: Long, on: queue, when: length > 5}
    - {alert: Always, on: queue, when: "true"}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "config.yaml"
    file.write_text(OWN)
    return str(file)


def test_without_settings_the_built_in_rules_are_exported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rules", "export", "--format", "prometheus"]) == 0
    (group,) = yaml.safe_load(capsys.readouterr().out)["groups"]
    assert [rule["alert"] for rule in group["rules"]] == [rule.alert for rule in BUILTIN]


def test_what_cannot_be_exported_is_said_and_fails(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "export", "--config", config]) == 1
    printed = capsys.readouterr()
    (group,) = yaml.safe_load(printed.out)["groups"]
    assert [rule["alert"] for rule in group["rules"]] == ["Long"]
    assert printed.err.startswith("queue-monitor: Always is left out: `when` holds or not")


def test_the_rules_are_listed(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "list", "--config", config]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "RULE    SEVERITY  ON     FOR  STATE",
        "Long    warning   queue  0s   not asked",
        "Always  warning   queue  0s   not asked",
    ]


async def test_a_running_monitor_says_how_each_rule_stands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = await serve(make_app(FixedSource(SNAPSHOT, ALERTS)), "127.0.0.1:0")
    url = f"http://127.0.0.1:{server.port}/"
    assert await asyncio.to_thread(main, ["rules", "list", "--url", url]) == 0
    await server.close()
    printed = capsys.readouterr().out.splitlines()[1:]
    stands = {line.split()[0]: line.split("  ")[-1].strip() for line in printed}
    live = Counter((alert.alertname, alert.state) for alert in ALERTS)
    assert {name for name, state in stands.items() if "firing" in state} == {
        name for name, state in live if state == "firing"
    }
    assert stands["MessagesLost"] == "quiet"


async def test_a_rule_that_only_the_monitor_knows_is_listed_by_its_alerts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    labels = (("alertname", "TheirOwn"), ("broker", "default"), ("severity", "info"))
    theirs = replace(ALERTS[0], labels=labels, state="firing")
    server = await serve(make_app(FixedSource(SNAPSHOT, (theirs,))), "127.0.0.1:0")
    url = f"http://127.0.0.1:{server.port}/"
    assert await asyncio.to_thread(main, ["rules", "list", "--url", url]) == 0
    await server.close()
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.split() == ["TheirOwn", "info", "only", "there", "1", "firing"]


async def test_a_monitor_that_wants_a_login_is_asked_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def answer(request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") == f"Basic {b64encode(b'ann:pw').decode()}"
        return web.json_response({"alerts": []}, status=200 if known else 401)

    app = web.Application()
    app.router.add_get("/api/v1/snapshot", answer)
    file = tmp_path / "password"
    file.write_text("pw\n")
    login = ["--user", "ann", "--password-file", str(file)]
    async with TestServer(app) as server:
        words = ["rules", "list", "--url", str(server.make_url(""))]
        assert await asyncio.to_thread(main, [*words, *login]) == 0
        assert "quiet" in capsys.readouterr().out
        assert await asyncio.to_thread(main, words) == 1
    assert "refuses the login: 401 Unauthorized" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "status", "message"),
    [
        ("http://127.0.0.1:1", 1, "http://127.0.0.1:1 cannot be asked: Connection refused"),
        ("localhost:9808", 2, "--url is not a URL: write it like http://host:9808"),
    ],
)
def test_a_monitor_that_does_not_answer_is_said(
    url: str, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "list", "--url", url]) == status
    assert capsys.readouterr().err == f"queue-monitor rules: {message}\n"


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_said_in_one_line(
    answer: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    async def answers(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with daemon_that(answers) as url:
        assert await asyncio.to_thread(main, ["rules", "list", "--url", url]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.isprintable()


def test_bad_settings_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "export", "--config", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml: cannot be read" in capsys.readouterr().err


TESTS = """
config: config.yaml
interval: 1m
tests:
  - name: a long queue
    objects:
      - {on: queue, labels: {queue_name: high}, facts: {length: 0 6}}
    expect:
      - {at: 0s, alert: Long, firing: []}
      - {at: 1m, alert: Long, firing: [{queue_name: high}]}
"""


@pytest.fixture
def tests(config: str) -> Path:
    return Path(config).with_name("tests.yaml")


def test_tests_that_hold_pass(tests: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tests.write_text(TESTS)
    assert main(["rules", "test", str(tests)]) == 0
    assert capsys.readouterr().out == f"{tests}: 1 of 1 tests passed\n"


def test_an_expectation_that_does_not_hold_is_told_with_its_place(
    tests: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tests.write_text(
        TESTS.replace("at: 0s, alert: Long, firing: []", "at: 9m, alert: Long, firing: []")
    )
    assert main(["rules", "test", str(tests)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{tests}:9:9: a long queue: Long at 9m: expected firing: none; "
        "found: {broker: default, queue_name: high, severity: warning}",
        f"{tests}: 0 of 1 tests passed",
    ]


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("length: 0 6", "length: 0 6z",
         "7:67: tests[0].objects[0].facts.length: '6z' is no value of length"),
        ("length:", "lenght:", "7:65: tests[0].objects[0].facts.lenght: unknown fact of queue "
         "(did you mean 'length'?)"),
        ("queue_name: high}, f", "queue: high}, f",
         "7:37: tests[0].objects[0].labels.queue: does not identify a queue "
         "(did you mean 'queue_name'?)"),
        ("on: queue", "on: queues", "7:14: tests[0].objects[0].on: expected one of"),
        ("alert: Long, firing: []", "alert: Lang, firing: []",
         "9:25: tests[0].expect[0].alert: no rule is called 'Lang' (did you mean 'Long'?)"),
        (", firing: []", "", "9:9: tests[0].expect[0]: needs firing or pending"),
        ("interval: 1m", "interval: 0s", "3:11: interval: must be more than 0"),
        ("interval: 1m", "interval: 60", "3:11: interval: '60' has no unit"),
        ("config.yaml", "none.yaml", "none.yaml: cannot be read"),
        ("expect:", "expects:", "expects: unknown key (did you mean 'expect'?)"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_of_tests_is_told_with_its_place(
    tests: Path, capsys: pytest.CaptureFixture[str], good: str, bad: str, message: str
) -> None:
    assert good in TESTS
    tests.write_text(TESTS.replace(good, bad, 1))
    assert main(["rules", "test", str(tests)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err

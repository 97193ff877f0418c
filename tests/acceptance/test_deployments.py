"""Every command line of deploy/ is run here, without a container around it."""

import json
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker, free_port
from monitor.demo.metrics import Metrics
from tests.acceptance.monitor_process import Monitor, clean_environ
from tests.tools import require_tool

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
SETTINGS_FILE = "/etc/queue-monitor/config.yaml"
PATIENCE_SECONDS = 40.0

Start = Callable[..., "Started"]


class Started(Monitor):
    """A process that a file of deploy/ starts, which need not be a daemon with settings."""

    def __init__(self, folder: Path, process: processes.Process) -> None:
        super().__init__(folder, {})
        self.process = process

    @property
    def _log_file(self) -> Path:
        return self.folder / "out.log"


@pytest.fixture
def start(tmp_path: Path, broker: EmbeddedBroker) -> Iterator[Start]:
    """Starts `queue-monitor WORDS…` as a container would, but for ports and folders."""
    started: list[Started] = []

    def begin(words: list[str], settings: str = "", program: str = "", **environ: str) -> Started:
        folder = tmp_path / f"container{len(started)}"
        folder.mkdir()
        file = folder / "config.yaml"
        file.write_text(settings)
        command = [program] if program else [sys.executable, "-m", "monitor"]
        process = processes.start(
            [*command, *(str(file) if word == SETTINGS_FILE else word for word in words)],
            log_file=folder / "out.log",
            environ=clean_environ(folder)
            | {"STATE_DIRECTORY": str(folder), "QUEUE_MONITOR_WEB__LISTEN": "127.0.0.1:0"}
            | environ,
        )
        started.append(Started(folder, process))
        return started[-1]

    yield begin
    for each in reversed(started):
        each.kill()


def instruction(name: str) -> list[str]:
    """Return the words of the last such line of the Dockerfile."""
    words: list[str] = json.loads(
        re.findall(rf"^\s*{name} (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1]
    )
    return words


def ready(daemon: Started) -> Started:
    daemon.port = int(daemon.logged(r"listening\W+port\W+(\d+)")[1])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while daemon.status("/-/ready") != 200:
        assert time.monotonic() < deadline, daemon.log
        time.sleep(0.05)
    return daemon


def settings_of(folder: str, broker: EmbeddedBroker) -> str:
    text = (DEPLOY / folder / "config.yaml").read_text()
    return text.replace("redis://redis:6379/0", broker.url).replace(
        "http://alertmanager:9093", f"http://127.0.0.1:{free_port()}"
    )


def test_the_image_runs_the_daemon_by_its_environment_alone(
    start: Start, broker: EmbeddedBroker
) -> None:
    assert instruction("ENTRYPOINT") == ["queue-monitor"]
    daemon = ready(start(instruction("CMD"), QUEUE_MONITOR_BROKER_URL=broker.url))
    assert daemon.metrics().value("celery_broker_up", broker="default") == 1


def test_the_image_is_healthy_while_the_daemon_answers_and_a_broker_is_down(start: Start) -> None:
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    daemon = ready(start(["run"], QUEUE_MONITOR_BROKER_URL=nobody))
    check = re.search(r"HEALTHCHECK[^\[]*(\[.*\])", DOCKERFILE)
    assert check
    command, *words = json.loads(check[1])
    assert command == "queue-monitor"
    url = f"http://127.0.0.1:{daemon.port}"
    assert start([*words, "--url", url]).process.wait(PATIENCE_SECONDS) == 0
    daemon.kill()
    assert start([*words, "--url", url]).process.wait(PATIENCE_SECONDS) == 3


def test_the_services_of_the_compose_file_find_each_other(
    start: Start, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    app = {"CELERY_BROKER_URL": broker.url, "REFERENCE_APP_FOLDER": str(tmp_path / "site")}
    for service in ("worker", "traffic"):
        assert {*COMPOSE[service]["environment"]} == {*app}
        start(COMPOSE[service]["command"], **app)
    daemon = ready(
        start(COMPOSE["queue-monitor"]["command"], settings=settings_of("compose", broker))
    )

    def at_work(metrics: Metrics) -> bool:
        live = sum(up for _, up in metrics.where("celery_worker_up"))
        done = sum(count for _, count in metrics.where("celery_task_succeeded_total"))
        return live == 3 and done > 0

    daemon.until(at_work, PATIENCE_SECONDS)


def test_the_arguments_of_the_pod_start_the_daemon(start: Start, broker: EmbeddedBroker) -> None:
    deployment = yaml.safe_load((DEPLOY / "kubernetes" / "deployment.yaml").read_text())
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    settings = yaml.safe_load((DEPLOY / "kubernetes" / "config.yaml").read_text())
    (watched,) = settings["brokers"]
    mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
    assert str(Path(watched.pop("url_file")).parent) in mounts
    watched["url"] = broker.url
    daemon = ready(start(container["args"], settings=yaml.safe_dump(settings)))
    probes = [container[f"{name}Probe"]["httpGet"]["path"] for name in ("liveness", "readiness")]
    assert [daemon.status(path) for path in probes] == [200, 200]


@pytest.mark.parametrize(
    "service, mounted, others",
    [
        ("prometheus", "/etc/prometheus", ["--web.listen-address=127.0.0.1:0"]),
        (
            "alertmanager",
            "/etc/alertmanager",
            ["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="],
        ),
    ],
)
def test_prometheus_and_alertmanager_take_the_arguments_of_the_compose_file(
    start: Start, tmp_path: Path, service: str, mounted: str, others: list[str]
) -> None:
    program = require_tool("prometheus" if service == "prometheus" else "prometheus-alertmanager")
    (tmp_path / "rules").symlink_to(DEPLOY.parent / "grafana" / "prometheus")
    file = tmp_path / f"{service}.yml"
    file.write_text((DEPLOY / "compose" / f"{service}.yml").read_text())
    words = [
        word.replace(mounted, str(tmp_path)).replace("path=/", f"path={tmp_path}/")
        for word in COMPOSE[service]["command"]
    ]
    start([*words, *others], program=program).logged(r"Listening on")


def test_the_settings_for_sentinels_can_be_used(start: Start) -> None:
    check = start(
        shlex.split(f"config check --config {SETTINGS_FILE}"),
        settings=(DEPLOY / "sentinel" / "config.yaml").read_text(),
    )
    assert check.process.wait(PATIENCE_SECONDS) == 0, check.log

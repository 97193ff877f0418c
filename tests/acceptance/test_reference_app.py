"""The reference app as a person runs it: its three workers, on a real broker."""

import mailbox
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from monitor.reference_app.app import ROUTES
from monitor.reference_app.site import Site
from monitor.reference_app.traffic import ARGUMENTS, PROFILES
from tests.acceptance.monitor_process import clean_environ
from tests.waiting import eventually

APP = [sys.executable, "-m", "monitor", "reference-app"]
WORKING_SECONDS = 60.0


class Running:
    """The app's three workers, beat and the partner, and what the workers log."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.environ = environ

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*APP, *words],
            env=self.environ | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=WORKING_SECONDS,
        )

    @property
    def log(self) -> str:
        return "".join(file.read_text() for file in (self.folder / "logs").glob("*.log"))

    def ended(self, state: str) -> set[str]:
        """Return the names of the tasks that ended so: `succeeded` or `raised`."""
        return set(re.findall(rf"Task monitor\.reference_app\.([\w.]+)\[\S+\] {state}", self.log))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "logs").mkdir()
    environ = clean_environ(folder) | {
        "REFERENCE_APP_FOLDER": str(folder / "site"),
        "REFERENCE_APP_MAIL_SECONDS": "0.01",
        "REFERENCE_APP_CANARY_SECONDS": "1",
    }
    started: list[processes.Process] = []

    def start(name: str, *words: str) -> Path:
        log_file = folder / f"{name}.out"
        started.append(processes.start([*APP, *words], log_file=log_file, environ=environ))
        return log_file

    with EmbeddedBroker(folder) as broker:
        partner = start("partner", "partner", "--port", "0")
        assert eventually(lambda: partner.read_text().startswith("http://"))
        environ["REFERENCE_APP_PARTNER_URL"] = partner.read_text().strip().rstrip("/")
        environ["CELERY_BROKER_URL"] = broker.url
        for name in ("high", "normal", "low"):
            start(name, "worker", name, "--log-folder", str(folder / "logs"))
        start("beat", "beat")
        yield Running(folder, environ)
        for process in started:
            processes.kill(process)


def test_the_three_workers_do_the_work_of_all_queues_and_end_on_sigterm(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with EmbeddedBroker(tmp_path) as broker:
        environ = clean_environ(tmp_path) | {
            "REFERENCE_APP_FOLDER": str(site),
            "CELERY_BROKER_URL": broker.url,
        }
        with (tmp_path / "workers.log").open("wb") as log:
            workers = subprocess.Popen([*APP, "worker"], env=environ, stdout=log, stderr=log)
        try:
            for task in ("record_follow", "send_welcome", "update_leader_board"):
                # Several, because a made-up mail address may be a mistyped one.
                subprocess.run([*APP, "send", task, "--count", "5"], env=environ, check=True)
            assert eventually((site / "leader-board.txt").exists, 30.0)
            with redis.Redis.from_url(broker.url) as client:
                assert eventually(lambda: not any(map(client.llen, ("high", "normal", "low"))))
        finally:
            workers.send_signal(signal.SIGTERM)
            # A prefork worker with tasks at hand takes half a minute for this, now and then.
            assert workers.wait(60) == 0
    subjects = [mail["Subject"] for mail in mailbox.Maildir(site / "mailbox", create=False)]
    assert any(subject.startswith("Welcome, ") for subject in subjects)
    assert any(subject.endswith(" follows you") for subject in subjects)


def test_every_task_runs_on_a_real_worker(running: Running) -> None:
    for task in ARGUMENTS.keys() - {"hang"}:
        assert running.run("send", task).returncode == 0
    for workflow in ("thumbnails", "photo", "election", "newsletter"):
        assert running.run("workflow", workflow).returncode == 0
    wanted = {name.removeprefix("monitor.reference_app.") for name in ROUTES}
    wanted |= {"faults.pause", "faults.import_contact", "faults.eat_memory"}
    # The newsletter goes out in chunks, whose task is Celery's own.
    wanted -= {"tasks.send_newsletter"}
    assert eventually(lambda: running.ended("succeeded") >= wanted, WORKING_SECONDS), running.log
    failing = {"faults.import_contact", "faults.overrun"}
    assert eventually(lambda: running.ended("raised") >= failing, WORKING_SECONDS), running.log
    site = running.folder / "site"
    assert {"leader-board.txt", "report.txt", "photos", "public", "mailbox"} <= {
        file.name for file in site.iterdir()
    }


@pytest.mark.parametrize(
    ("workflow", "whole", "broken"),
    [
        ("thumbnails", ["success"] * 4, ["success"] * 4 + ["failure"] * 2),
        ("photo", ["success"] * 3, ["failure", "never sent", "never sent"]),
        ("election", ["success"] * 4, ["success"] * 3 + ["failure"] * 2),
        ("newsletter", ["success"] * 2, ["failure", "success"]),
    ],
)
def test_one_that_fails_takes_from_a_workflow_what_its_docstring_says(
    running: Running, workflow: str, whole: list[str], broken: list[str]
) -> None:
    for expected, options in ((whole, ()), (broken, ("--broken",))):
        said = running.run("workflow", workflow, *options)
        assert [line.partition(":")[0] for line in said.stdout.splitlines()] == expected


def test_a_long_report_keeps_no_message_behind_it(running: Running) -> None:
    report = running.folder / "site" / "report.txt"
    report.unlink(missing_ok=True)
    url = running.environ["CELERY_BROKER_URL"]
    lengths = set()
    with redis.Redis.from_url(url) as client, Celery(broker=url, set_as_current=False) as app:
        app.send_task("monitor.reference_app.tasks.write_report", queue="low")
        assert eventually(lambda: client.llen("low") == 0, WORKING_SECONDS), running.log
        for _ in range(3):
            app.send_task("monitor.reference_app.tasks.record_metric", ("x", 1.0), queue="low")
        while True:
            length = client.llen("low")
            if report.exists():
                break
            lengths.add(length)
            time.sleep(0.02)
    assert lengths == {3}


def test_beat_sends_the_canary_and_it_says_how_long_it_waited(running: Running) -> None:
    site = Site(running.folder / "site")
    assert eventually(lambda: len(site.figures("seconds in high")) >= 2, 30.0), running.log
    assert all(0 <= seconds < 30 for seconds in site.figures("seconds in high"))


@pytest.mark.parametrize("profile", PROFILES)
def test_traffic_of_every_profile_ends_by_itself(running: Running, profile: str) -> None:
    assert running.run("traffic", "--profile", profile, "--seconds", "1").returncode == 0

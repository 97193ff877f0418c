"""The example of a Django project: its own tests, and the monitor beside it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor, clean_environ

PROJECT = "monitor.reference_app.django_site"
TASKS = f"{PROJECT}.follows.tasks"
DATABASE = 10
FOLLOW_AND_LIST = f"""
import django
django.setup()
from {TASKS} import record_follow, update_leader_board
record_follow.delay("bao@mail.example", "ada@mail.example").get(timeout=30)
record_follow.delay("bao@mail.example", "ada@mail.example").get(timeout=30)
print(update_leader_board.delay().get(timeout=30))
"""


@pytest.fixture
def environ(tmp_path: Path, broker: EmbeddedBroker) -> dict[str, str]:
    (tmp_path / "site").mkdir()
    return clean_environ(tmp_path) | {
        "DJANGO_SETTINGS_MODULE": f"{PROJECT}.settings",
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{broker.port}/{DATABASE}",
        "REFERENCE_APP_FOLDER": str(tmp_path / "site"),
    }


def python(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_its_own_tests_pass_in_eager_mode_and_its_migrations_are_complete(
    environ: dict[str, str],
) -> None:
    # Without a broker: nothing may be sent.
    environ["CELERY_BROKER_URL"] = "redis://nowhere.invalid/10"
    tested = python(environ, "-m", "django", "test", PROJECT)
    assert tested.returncode == 0, tested.stderr
    assert "Ran 0 tests" not in tested.stderr
    changed = python(environ, "-m", "django", "makemigrations", "--check", "--dry-run")
    assert changed.returncode == 0, changed.stdout


def test_a_worker_runs_the_shared_tasks_and_the_monitor_sees_its_queues(
    environ: dict[str, str],
    tmp_path: Path,
    broker: EmbeddedBroker,
    monitor: Callable[..., Monitor],
) -> None:
    assert python(environ, "-m", "django", "migrate").returncode == 0
    command = [sys.executable, "-m", "celery", "-A", PROJECT, "worker", "-n", "django@web1"]
    worker = processes.start(
        [*command, "-Q", "high,normal,low", "--concurrency=1"],
        log_file=tmp_path / "worker.log",
        environ=environ,
    )
    daemon = monitor({"brokers": [{"url": environ["CELERY_BROKER_URL"]}]})
    try:
        daemon.start()
        daemon.until(lambda m: m.value("celery_worker_up", hostname="django@web1") == 1, 30.0)
        done = python(environ, "-c", FOLLOW_AND_LIST)
        assert done.stdout.strip() == "[['ada@mail.example', 1]]", done.stderr
        # The second follow was none, so there is one mail.
        for task, queue, count in (
            ("record_follow", "high", 2),
            ("mail_followed", "normal", 1),
            ("update_leader_board", "low", 1),
        ):
            labels = {"name": f"{TASKS}.{task}", "queue_name": queue}
            daemon.until(
                lambda m, labels=labels, count=count: (
                    m.value("celery_task_succeeded_total", **labels) == count
                )
            )
        lengths = daemon.metrics().where("celery_queue_length")
        assert {labels["queue_name"] for labels, _ in lengths} >= {"high", "normal", "low"}
    finally:
        processes.kill(worker)
    assert len([*(tmp_path / "site" / "django-mail").iterdir()]) == 1
    with redis.Redis(port=broker.port, db=DATABASE) as client:
        results = client.keys("celery-task-meta-*")
        assert results
        assert all(0 < client.ttl(key) <= 3600 for key in results)

"""The reference app as a person runs it: its three workers, on a real broker."""

import mailbox
import os
import signal
import subprocess
import sys
from pathlib import Path

import redis

from monitor.demo.broker import EmbeddedBroker
from tests.leftovers import eventually

APP = [sys.executable, "-m", "monitor", "reference-app"]
TASKS = ("record_follow", "send_welcome", "update_leader_board")


def test_the_three_workers_do_the_work_of_all_queues_and_end_on_sigterm(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with EmbeddedBroker(tmp_path) as broker:
        environ = os.environ | {
            "REFERENCE_APP_FOLDER": str(site),
            "CELERY_BROKER_URL": broker.url,
        }
        with (tmp_path / "workers.log").open("wb") as log:
            workers = subprocess.Popen([*APP, "worker"], env=environ, stdout=log, stderr=log)
        try:
            for task in TASKS:
                # Several, because a made-up mail address may be a mistyped one.
                subprocess.run([*APP, "send", task, "--count", "5"], env=environ, check=True)
            assert eventually((site / "leader-board.txt").exists, 30.0)
            assert eventually(lambda: any((site / "mailbox" / "new").iterdir()), 30.0)
            with redis.Redis.from_url(broker.url) as client:
                assert eventually(lambda: not any(map(client.llen, ("high", "normal", "low"))))
        finally:
            workers.send_signal(signal.SIGTERM)
            assert workers.wait(30) == 0
    for mail in mailbox.Maildir(site / "mailbox", create=False):
        assert mail["Subject"].startswith("Welcome, ")

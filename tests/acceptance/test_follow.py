"""Following somebody in a real browser, both ways, on a real broker, worker and mail server."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.following import follow_both_ways
from tests.acceptance.monitor_process import clean_environ
from tests.browser import chromium, complaints
from tests.waiting import eventually


@pytest.fixture
def front(
    tmp_path: Path, broker: EmbeddedBroker, worker: Callable[..., processes.Process]
) -> Iterator[str]:
    """Serve the page beside a worker for all queues; return where."""
    worker("-n", "all@web1", "-Q", "high,normal,low", "--concurrency=2")
    log_file = tmp_path / "front.log"
    environ = clean_environ(tmp_path) | {
        "CELERY_BROKER_URL": broker.url,
        "REFERENCE_APP_FOLDER": str(tmp_path / "site"),
    }
    command = [sys.executable, "-m", "monitor", "reference-app", "front", "--port", "0"]
    process = processes.start(command, log_file=log_file, environ=environ)
    assert eventually(lambda: log_file.read_text().startswith("http://"), 20.0)
    yield log_file.read_text().strip()
    processes.kill(process)


def test_a_queued_follow_is_answered_ten_times_faster_and_both_are_done(
    front: str, tmp_path: Path
) -> None:
    mailbox = tmp_path / "site" / "mailbox" / "new"
    with chromium() as browser:
        page = browser.new_page()
        heard = complaints(page)
        page.goto(front)
        clicks = follow_both_ways(page)
        assert eventually(lambda: len([*mailbox.iterdir()]) == clicks, 20.0)
        page.reload()
        expect(page.locator("#followers")).to_have_text(str(clicks))
        assert heard == []

"""Following somebody in a real browser, both ways, on a real broker, worker and mail server."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import clean_environ
from tests.browser import chromium, complaints
from tests.leftovers import eventually

AT_LEAST_TIMES_FASTER = 10


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


def milliseconds(page: Page, mode: str) -> float:
    words = page.locator(f"#{mode}-answered").inner_text().split()
    return float(words[0])


def test_a_queued_follow_is_answered_ten_times_faster_and_both_are_done(
    front: str, tmp_path: Path
) -> None:
    mailbox = tmp_path / "site" / "mailbox" / "new"
    with chromium() as browser:
        page = browser.new_page()
        heard = complaints(page)
        page.goto(front)
        page.get_by_role("button", name="Follow, inline").click()
        expect(page.locator("#inline-answered")).to_contain_text("ms")
        expect(page.locator("#followers")).to_have_text("1")
        # The first message opens the connection to the broker; it is no measure of the others.
        for _ in range(2):
            page.get_by_role("button", name="Follow, queued").click()
        expect(page.locator("#queued-answered")).to_contain_text("ms")
        inline, queued = milliseconds(page, "inline"), milliseconds(page, "queued")
        print(f"inline {inline:.0f} ms, queued {queued:.0f} ms")
        assert inline >= AT_LEAST_TIMES_FASTER * queued
        assert eventually(lambda: len([*mailbox.iterdir()]) == 3, 20.0)
        page.reload()
        expect(page.locator("#followers")).to_have_text("3")
        assert heard == []

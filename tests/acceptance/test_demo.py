"""The demo as a person starts it: what it shows, and that it leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from monitor.demo.metrics import Metrics
from tests.acceptance.following import follow_both_ways
from tests.browser import chromium, complaints
from tests.leftovers import processes_mentioning
from tests.waiting import eventually

DEMO = [sys.executable, "-m", "monitor", "demo", "--port", "0"]


def start_demo(folder: Path, mark: str) -> tuple[subprocess.Popen[str], str, str]:
    """Start the demo in `folder`; return it, and where its page and its site are, once it is up."""
    environ = os.environ | {"TMPDIR": str(folder), "LEFT_BY_TEST": mark}
    demo = subprocess.Popen(DEMO, env=environ, stdout=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    page = ""
    for line in demo.stdout:
        if found := re.search(r"the page +(http://\S+)", line):
            page = found[1]
        if found := re.search(r"the site +(http://\S+)", line):
            return demo, page, found[1]
    raise AssertionError("the demo ended before it was up")


def shows_three_workers_on_three_queues(page: str) -> bool:
    with urlopen(f"{page}metrics") as response:  # noqa: S310 - an http address of our own
        metrics = Metrics.parse(response.read().decode())
    workers = {
        labels["hostname"].split("@")[0]
        for labels, up in metrics.where("celery_worker_up")
        if up == 1
    }
    queues = {labels["queue_name"] for labels, _ in metrics.where("celery_queue_length")}
    return workers == {"high", "normal", "low"} and queues >= workers


def offers_to_follow(site: str, page: str) -> bool:
    try:
        with urlopen(site) as response:  # noqa: S310 - an http address of our own
            text = response.read().decode()
    except URLError:  # it is still starting
        return False
    return "Follow, queued" in text and f'href="{page}"' in text


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_demo_shows_its_workers_and_leaves_nothing_behind(
    tmp_path: Path, ending: signal.Signals
) -> None:
    mark = uuid4().hex
    demo, page, site = start_demo(tmp_path, mark)
    try:
        assert eventually(lambda: shows_three_workers_on_three_queues(page), 30.0)
        assert eventually(lambda: offers_to_follow(site, page), 30.0)
    finally:
        demo.send_signal(ending)
        demo.communicate()
    assert demo.returncode == (-signal.SIGKILL if ending == signal.SIGKILL else 0)
    assert eventually(lambda: processes_mentioning(mark) == [])
    assert eventually(lambda: [*tmp_path.iterdir()] == [])


def test_its_page_leads_to_the_follow_button_and_from_there_back(tmp_path: Path) -> None:
    demo, monitor, site = start_demo(tmp_path, uuid4().hex)
    try:
        assert eventually(lambda: offers_to_follow(site, monitor), 30.0)
        with chromium() as browser:
            page = browser.new_page()
            heard = complaints(page)
            page.goto(monitor)
            page.get_by_role("link", name="click Follow").click()
            follow_both_ways(page)
            page.get_by_role("link", name="See the queues in the monitor").click()
            expect(page).to_have_url(monitor)
            assert heard == []
    finally:
        demo.terminate()
        demo.communicate()

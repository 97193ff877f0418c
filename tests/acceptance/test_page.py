"""The page in a real browser, on a real daemon, broker and workers."""

import re
import signal
from collections.abc import Callable, Iterator

import pytest
import redis
from playwright.sync_api import Browser, Locator, Page, expect

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import Monitor
from tests.browser import chromium, complaints

SOON_MILLISECONDS = 20_000
POLL_SECONDS = 2.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def site(
    client: "redis.Redis",
    broker: EmbeddedBroker,
    worker: Callable[..., processes.Process],
    monitor: Callable[..., Monitor],
) -> tuple[Monitor, processes.Process]:
    """A monitor, and the worker that it knows."""
    started = worker("-n", "high@web1", "-Q", "high", "--concurrency=1")
    daemon = monitor({"brokers": [{"url": broker.url}], "poll": {"interval": f"{POLL_SECONDS}s"}})
    daemon.start()
    daemon.until(lambda m: m.value("celery_worker_up", hostname="high@web1") == 1)
    daemon.until(lambda m: m.value("celery_queue_length", queue_name="high") == 0)
    return daemon, started


def row(page: Page, section: str, name: str) -> Locator:
    return page.locator(f"#{section} tbody tr").filter(has=page.get_by_role("link", name=name))


def url(monitor: Monitor, path: str = "") -> str:
    return f"http://127.0.0.1:{monitor.port}/{path}"


def polls(monitor: Monitor) -> float:
    return monitor.metrics().value("celery_broker_poll_duration_seconds_count") or 0.0


def test_without_javascript_all_is_there_and_refreshes_itself(
    browser: Browser, site: tuple[Monitor, processes.Process]
) -> None:
    daemon, _ = site
    page = browser.new_context(java_script_enabled=False).new_page()
    heard = complaints(page)
    page.goto(url(daemon))
    expect(page.get_by_role("status").first).to_have_text("Nothing is wrong")
    expect(row(page, "queues", "high")).to_contain_text("empty")
    expect(row(page, "workers", "high@web1")).to_contain_text("online")
    first = page.locator("#age").text_content()
    with page.expect_navigation(timeout=SOON_MILLISECONDS):
        pass
    assert re.fullmatch(r"data \S+ old", first or "")
    row(page, "workers", "high@web1").get_by_role("link", name="high@web1").click()
    expect(page.get_by_role("img", name="last hour").first).to_be_visible()
    page.goto(url(daemon))
    page.get_by_label("Filter queues, workers and tasks").fill("no such name")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#queues")).to_contain_text("None matches “no such name”.")
    assert heard == []
    page.context.close()


def test_it_is_live_and_says_what_is_wrong_and_silences_it(
    browser: Browser, site: tuple[Monitor, processes.Process], client: "redis.Redis"
) -> None:
    daemon, worker = site
    page = browser.new_page()
    heard = complaints(page)
    page.goto(url(daemon))
    expect(page.locator("#age")).to_have_text(re.compile("^live · data"))

    client.sadd("_kombu.binding.flooded", "\x06\x16\x06\x16flooded")
    daemon.until(lambda m: m.value("celery_queue_length", queue_name="flooded") == 0)
    expect(row(page, "queues", "flooded")).to_be_visible(timeout=SOON_MILLISECONDS)
    before = polls(daemon)
    client.lpush("flooded", *(b"{}" for _ in range(1_234)))
    expect(row(page, "queues", "flooded")).to_contain_text("1,234", timeout=SOON_MILLISECONDS)
    assert polls(daemon) - before <= 2

    processes.kill(worker)
    dead = row(page, "workers", "high@web1")
    expect(dead.locator(".badge.critical")).to_have_text("dead", timeout=SOON_MILLISECONDS)
    expect(dead).to_contain_text("did not answer")
    expect(dead).to_have_class("warning")
    trouble = page.locator(".troubles li").filter(has_text="WorkerDead")
    expect(trouble).to_contain_text("high@web1 is dead")
    expect(page).to_have_title(re.compile("^1 firing: WorkerDead"))

    trouble.get_by_role("link", name="Silence WorkerDead").click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Why").fill("<b>it is</b> being replaced")
    page.get_by_role("button", name="Silence").click()
    muted = page.locator("#other-alerts tr").filter(has_text="WorkerDead")
    expect(muted).to_contain_text("silenced", timeout=SOON_MILLISECONDS)
    expect(muted).to_contain_text("by Ada: <b>it is</b> being replaced")
    expect(page.locator(".troubles")).to_have_count(0)
    page.goto(url(daemon, "silence"))
    page.get_by_role("button", name="End").click()
    expect(trouble).to_be_visible(timeout=SOON_MILLISECONDS)
    assert heard == []
    page.close()


def test_when_the_stream_drops_it_says_how_old_its_data_is(
    browser: Browser, site: tuple[Monitor, processes.Process]
) -> None:
    daemon, _ = site
    page = browser.new_page()
    page.goto(url(daemon))
    age, lost = page.locator("#age"), page.get_by_role("alert")
    expect(age).to_have_text(re.compile("^live · "))
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGSTOP)
    expect(age).to_have_text(re.compile("^not live · data .+ old$"), timeout=SOON_MILLISECONDS)
    expect(lost).to_contain_text("The monitor does not answer.")
    daemon.process.send_signal(signal.SIGCONT)
    expect(age).to_have_text(re.compile("^live · "), timeout=SOON_MILLISECONDS)
    expect(lost).to_be_hidden()
    daemon.kill()
    expect(age).to_have_text(re.compile("^not live · "), timeout=SOON_MILLISECONDS)
    expect(lost).to_be_visible()
    page.close()


def test_typing_filters_and_keeps_the_focus(
    browser: Browser, site: tuple[Monitor, processes.Process]
) -> None:
    daemon, _ = site
    page = browser.new_page()
    heard = complaints(page)
    page.goto(url(daemon))
    expect(page.locator("#age")).to_have_text(re.compile("^live · "))
    page.keyboard.press("/")
    page.keyboard.type("none of them")
    expect(page.locator("#workers")).to_contain_text("None matches “none of them”.")
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert page.url.endswith("?q=none+of+them")
    page.get_by_role("searchbox").fill("WEB1")
    expect(row(page, "workers", "high@web1")).to_be_visible()
    assert heard == []
    page.close()


HOSTILE = (
    '<img src="x" onerror="alert(1)">',
    "\"'><script>alert(1)</script>",
    "two\nlines &amp; \u202eturned",
    "x" * 10_000,
    "a/b?c=d#e%00",
)


def test_a_hostile_name_does_nothing_in_a_browser(
    browser: Browser, site: tuple[Monitor, processes.Process], client: "redis.Redis"
) -> None:
    daemon, _ = site
    for name in HOSTILE:
        client.sadd("_kombu.binding.hostile", f"\x06\x16\x06\x16{name}")
        client.lpush(name, b"{}")
    page = browser.new_page()
    heard = complaints(page)
    page.goto(url(daemon, "?q=%3Cimg%20src%3Dy%3E"))
    page.goto(url(daemon))
    rows = page.locator("#queues tbody tr")
    expect(rows).to_have_count(len(HOSTILE) + 1, timeout=SOON_MILLISECONDS)
    assert page.evaluate("document.querySelectorAll('main img, main script').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    addresses = rows.locator("td.name a").evaluate_all("links => links.map(a => a.href)")
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, address
        expect(page.locator("#age")).to_have_text(re.compile("^live · "))
        assert page.evaluate("document.querySelectorAll('main img, main script').length") == 0
    assert heard == []
    page.close()

"""A real Chromium, driven by Playwright."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.tools import require_tool


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium, and end it."""
    path = require_tool("chromium")
    with sync_playwright() as playwright:
        # Its own sandbox does not work for root, as whom tests may run; the pages are ours.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def complaints(page: Page) -> list[str]:
    """Return a list that gets what the browser has to complain of, the CSP's reports too."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: (heard.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    return heard

"""Makes the pictures in this folder anew: `make images`.

It runs the demo's installation with some traffic, floods a queue, kills a worker, and takes the
page as it is then, in Debian's Chromium.
"""

import argparse
import asyncio
import random
import shutil
import sys
import time
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from monitor.demo.broker import free_port
from monitor.demo.installation import Installation, installed
from monitor.demo.workspace import Workspace

FOLDER = Path(__file__).parent
KILLED_WORKER = "low"
ALERT_SECONDS = 60.0
SHOWN = ("HighQueueBacklog", "WorkerDead")

WIDE, PHONE = {"width": 1200, "height": 1000}, {"width": 390, "height": 844}


def main() -> int:
    """Make the pictures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="of traffic before (60)")
    minutes = parser.parse_args().minutes
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed", file=sys.stderr)
        return 1
    with Workspace() as workspace:
        asyncio.run(_make(workspace, chromium, 60 * minutes))
    return 0


async def _make(workspace: Workspace, chromium: str, seconds: float) -> None:
    async with installed(workspace, free_port(), alerting=True) as installation:
        await _traffic(installation, seconds)
        installation.supervisor.kill(KILLED_WORKER)
        await installation.send("pause", "--queue", "high", "--count", "900")
        await _until_alerted(installation)
        async with async_playwright() as playwright:
            # Its own sandbox does not work for root.
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"]
            )
            for name, path, scheme, size in (
                ("page-light", "", "light", WIDE),
                ("page-dark", "", "dark", WIDE),
                ("page-phone", "", "light", PHONE),
                ("queue-light", "queue?broker=demo&queue_name=high", "light", WIDE),
            ):
                url = f"{installation.page_url}/{path}"
                await _picture(browser, url, FOLDER / f"{name}.png", scheme, size)
            await browser.close()


async def _traffic(installation: Installation, seconds: float) -> None:
    """Let the site have its ups and downs."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        count = random.choice((5, 20, 40, 60))  # noqa: S311 - made-up traffic
        await installation.send("pause", "--queue", "high", "--count", str(count))
        await asyncio.sleep(min(30.0, max(0.0, ends_at - time.monotonic())))


async def _until_alerted(installation: Installation) -> None:
    deadline = time.monotonic() + ALERT_SECONDS
    waiting = set(SHOWN)
    while waiting:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{' and '.join(sorted(waiting))} did not fire")
        metrics = await installation.metrics()
        if metrics is not None:
            alerts = metrics.where("queue_monitor_alerts")
            waiting -= {labels["alertname"] for labels, _ in alerts if labels["state"] == "firing"}
        await asyncio.sleep(1.0)


async def _picture(
    browser: Browser, url: str, file: Path, scheme: str, size: dict[str, int]
) -> None:
    page = await browser.new_page(viewport=size, color_scheme=scheme)
    await page.goto(url)
    await page.locator("#age.live").wait_for()
    await page.screenshot(path=file)
    await page.close()


if __name__ == "__main__":
    sys.exit(main())

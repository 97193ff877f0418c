import re
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from monitor.reference_app import front
from monitor.reference_app.front import FOLLOWED, Front
from monitor.reference_app.site import Site


@pytest.mark.parametrize("mode", ["inline", "queued"])
async def test_either_way_counts_and_mails_and_the_page_says_how_long_it_took(
    folder: Path, site: Site, eager: None, mode: str
) -> None:
    async with TestClient(TestServer(Front(site).application())) as client:
        for _ in range(2):
            answer = await client.post(f"/follow?mode={mode}")
            assert answer.status == 200
        page = await answer.text()
    assert re.search(rf'id="{mode}-answered">\d+ ms<', page)
    assert page.count("not yet") == 1
    assert '<strong id="followers">2</strong>' in page
    assert site.person(FOLLOWED).followers == 2
    assert len([*(folder / "mailbox" / "new").iterdir()]) == 2


async def test_another_mode_and_a_follow_by_a_link_are_refused(site: Site, eager: None) -> None:
    async with TestClient(TestServer(Front(site).application())) as client:
        assert (await client.post("/follow?mode=other")).status == 400
        assert (await client.get("/follow?mode=inline")).status == 405


async def test_the_page_links_the_monitor_and_warns_of_eager_mode(
    site: Site, eager: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_TASK_ALWAYS_EAGER", "1")
    application = Front(site, 'http://127.0.0.1:9808/"<').application()
    async with TestClient(TestServer(application)) as client:
        page = await (await client.get("/")).text()
    assert 'href="http://127.0.0.1:9808/&quot;&lt;"' in page
    assert "Switch it off in production" in page


def test_a_queued_follow_sends_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.reference_app import tasks

    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks.record_follow, "delay", lambda *people: sent.append(people))
    front.follow_queued("bao@mail.example", FOLLOWED)
    assert sent == [("bao@mail.example", FOLLOWED)]

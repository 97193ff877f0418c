import re
from html import unescape
from urllib.parse import urlencode

import pytest

from tests.unit.web.conftest import Client
from tests.unit.web.example import ALERTS, NOW, FixedSource

ABANDONED = next(alert for alert in ALERTS if alert.alertname == "QueueAbandoned")


async def filled(client: Client, **changes: str) -> dict[str, str]:
    """Return what a browser posts of the form for one alert."""
    html = await (await client.get("/silence", params={"alert": ABANDONED.fingerprint})).text()
    matchers = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.DOTALL)
    token = re.search(r'name="token" value="([^"]+)"', html)
    assert matchers is not None and token is not None
    form = {
        "token": token[1],
        "matchers": unescape(matchers[1]).replace("\n", "\r\n"),
        "duration": "2h",
        "created_by": "Ada",
        "comment": "being mended",
    }
    return {**form, **changes}


async def test_the_form_silences_exactly_its_alert(client: Client, source: FixedSource) -> None:
    answer = await client.post("/silence", data=await filled(client), allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "./")
    (silence,) = source.silences
    wanted = {
        alert for alert in ALERTS if all(m.matches(dict(alert.labels)) for m in silence.matchers)
    }
    assert wanted == {ABANDONED}
    assert (silence.starts_at, silence.ends_at) == (NOW, NOW + 7_200)
    assert (silence.created_by, silence.comment) == ("Ada", "being mended")


async def test_only_what_refreshes_itself_says_so(client: Client) -> None:
    for path, refreshes in (("/", True), ("/silence", False)):
        html = await (await client.get(path)).text()
        assert ('http-equiv="refresh"' in html, "refreshed every" in html) == (refreshes,) * 2


async def test_a_silence_is_ended_by_its_button(client: Client, source: FixedSource) -> None:
    form = await filled(client)
    await client.post("/silence", data=form)
    html = await (await client.get("/silence")).text()
    assert "being mended" in html
    (silence,) = source.silences
    ended = {"token": form["token"], "expire": silence.id}
    await client.post("/silence", data=ended, allow_redirects=False)
    assert source.silences[0].state(NOW) == "expired"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"matchers": "what?"}, "is not a matcher"),
        ({"matchers": ""}, "at least one matcher"),
        ({"matchers": 'a=~"("'}, "is not a regular expression"),
        ({"duration": "soon"}, "is not a duration"),
        ({"duration": "0s"}, "a year at the most"),
        ({"duration": "9999w"}, "a year at the most"),
        ({"created_by": " "}, "say your name"),
        ({"comment": "x" * 1_001}, "say why"),
        ({"expire": "nothing"}, "no silence has the id"),
    ],
)
async def test_what_cannot_be_had_is_said_beside_what_was_typed(
    client: Client, source: FixedSource, changes: dict[str, str], said: str
) -> None:
    answer = await client.post("/silence", data=await filled(client, **changes))
    html = unescape(await answer.text())
    assert answer.status == 400
    assert said in html
    assert "being mended" in html or "comment" in changes
    assert source.silences == ()


@pytest.mark.parametrize(
    ("headers", "changes"),
    [
        ({}, {"token": ""}),
        ({}, {"token": "guessed"}),
        ({}, {"token": "\udce9"}),
        ({"Origin": "https://evil.example"}, {}),
        ({"Origin": "null"}, {}),
        ({"X-Forwarded-For": "10.0.0.1"}, {}),
        ({"Host": "evil.example"}, {}),
    ],
)
async def test_nobody_else_posts_it(
    client: Client, source: FixedSource, headers: dict[str, str], changes: dict[str, str]
) -> None:
    form = urlencode(await filled(client, **changes), errors="surrogateescape")
    posted = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    answer = await client.post("/silence", data=form, headers=posted)
    assert answer.status == 403
    assert source.silences == ()


async def test_who_may_not_write_sees_no_form(client: Client) -> None:
    headers = {"X-Forwarded-For": "10.0.0.1"}
    html = await (await client.get("/silence", headers=headers)).text()
    assert "<form" not in html
    assert "Silences can only be looked at from here" in html
    assert "silence?alert" not in await (await client.get("/", headers=headers)).text()


async def test_what_is_no_form_of_ours_is_refused(client: Client, source: FixedSource) -> None:
    for kind, body, status in (
        ("multipart/form-data; boundary=x", b"nothing of the kind", 415),
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded", b"\xff" * 100, 403),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 100_000, 413),
    ):
        answer = await client.post("/silence", data=body, headers={"Content-Type": kind})
        assert answer.status == status, kind
    assert source.silences == ()

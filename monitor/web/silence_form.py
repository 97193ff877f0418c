"""`/silence`: what somebody at the page can change, without JavaScript.

Beside the guard that every write passes, a form must bring back a token that only a page of
this daemon has shown, so that no other page can post it.
"""

import secrets
from urllib.parse import parse_qsl

from aiohttp import web

from monitor.alerts.matchers import MatcherError, parse_matchers
from monitor.alerts.silences import Silence, SilenceError, UnknownSilenceError
from monitor.values.units import parse_duration
from monitor.web.guard import refusal
from monitor.web.page.choice import Choice
from monitor.web.page.markup import Markup, element
from monitor.web.page.page import document
from monitor.web.page.silence import Draft, draft_for, silence_view
from monitor.web.source import Source

_MAX_SECONDS = 366 * 86_400.0
_MAX_CHARACTERS = 1_000


class SilenceForm:
    """Shows the form, and takes what is posted."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._token = secrets.token_urlsafe(32)

    async def get(self, request: web.Request) -> web.Response:
        """Show the form, for the alert whose fingerprint is given or for any."""
        wanted = request.query.get("alert")
        found = [a for a in self._source.alerts if a.fingerprint == wanted]
        return self._page(request, draft_for(found[0]) if found else Draft())

    async def post(self, request: web.Request) -> web.Response:
        """Add a silence, or end one; then lead back to the page."""
        refused = refusal(request)
        if refused is not None:
            return web.Response(status=403, text=f"{refused}\n")
        if request.content_type != "application/x-www-form-urlencoded":
            return web.Response(status=415, text="this takes the form of the page\n")
        fields = dict(parse_qsl((await request.read()).decode("utf-8", "replace")))
        if not secrets.compare_digest(fields.get("token", "").encode(), self._token.encode()):
            return web.Response(status=403, text="the form is too old: load it again\n")
        try:
            if "expire" in fields:
                await self._source.expire_silence(fields["expire"])
            else:
                await self._source.put_silence(_silence(fields, self._source.now()))
        except (SilenceError, UnknownSilenceError, MatcherError, ValueError) as error:
            return self._page(request, _draft(fields), str(error))
        raise web.HTTPSeeOther("./")

    def _page(self, request: web.Request, draft: Draft, error: str = "") -> web.Response:
        source = self._source
        rendered = silence_view(
            draft,
            source.silences,
            source.now(),
            Choice.of(request.query),
            token=self._token,
            refused=refusal(request) or "",
            error=error,
        )
        text = document(
            rendered.title,
            main=element("main", *rendered.content),
            age=Markup(""),
            links=source.links,
            note=Markup(""),
        )
        return web.Response(text=text, content_type="text/html", status=400 if error else 200)


def _draft(fields: dict[str, str]) -> Draft:
    names = ("matchers", "duration", "created_by", "comment")
    return Draft(**{name: fields[name][:_MAX_CHARACTERS] for name in names if name in fields})


def _silence(fields: dict[str, str], now: float) -> Silence:
    """Return the silence that a form asks for. Raises MatcherError, ValueError."""
    seconds = parse_duration(fields.get("duration", ""))
    if not 0 < seconds <= _MAX_SECONDS:
        raise ValueError("a silence lasts a year at the most")
    texts = {name: fields.get(name, "").strip() for name in ("created_by", "comment")}
    for name, text in texts.items():
        if not text or len(text) > _MAX_CHARACTERS:
            what = "your name" if name == "created_by" else "why"
            raise ValueError(f"say {what}, in {_MAX_CHARACTERS:,} characters at the most")
    return Silence(
        id="",
        matchers=parse_matchers(fields.get("matchers", "")),
        starts_at=now,
        ends_at=now + seconds,
        updated_at=now,
        **texts,
    )

"""`/api/v2`: Alertmanager's own API, so that amtool, karma and Grafana work unchanged.

It reads alerts, groups and silences, and changes silences. Alerts cannot be posted: what fires
here was found here. Errors are JSON strings, as Alertmanager's are.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec
from aiohttp import web
from msgspec import json

from monitor import __version__
from monitor.alerts.alert import Alert
from monitor.alerts.matchers import Matcher, MatcherError, make_matcher, match_all, parse_all
from monitor.alerts.muting import Muted
from monitor.alerts.silences import Silence, SilenceError, UnknownSilenceError
from monitor.web.alertmanager_json import (
    PostedSilence,
    alert_json,
    labels_json,
    silence_json,
    status_json,
)
from monitor.web.answer import JSON, json_answer
from monitor.web.guard import refusal
from monitor.web.source import Source

_SILENCE_ORDER = ("active", "pending", "expired")
_PLAIN = re.compile(r"[\w|:@/ -]*(\.\*)?")
"""Words, alternatives and one `.*` at the end: what people filter by, and what is cheap."""
_BAD_SILENCE = (
    msgspec.MsgspecError,
    UnicodeDecodeError,
    RecursionError,
    OverflowError,
    OSError,
    MatcherError,
    SilenceError,
)
"""What comes of a document that is none, of a time that no calendar has, and of bad matchers."""
_NO_ALERTS = "queue-monitor finds its alerts itself: post alerts to an Alertmanager"


def alertmanager_routes(source: Source) -> list[web.RouteDef]:
    """Return the routes of the API on `source`."""
    api = _Api(source)
    return [
        web.get("/api/v2/status", api.status),
        web.get("/api/v2/receivers", api.receivers),
        web.get("/api/v2/alerts", api.alerts),
        web.post("/api/v2/alerts", api.post_alerts),
        web.get("/api/v2/alerts/groups", api.groups),
        web.get("/api/v2/silences", api.silences),
        web.post("/api/v2/silences", api.post_silence),
        web.get("/api/v2/silence/{id}", api.silence),
        web.delete("/api/v2/silence/{id}", api.expire_silence),
    ]


class _BadRequestError(Exception):
    """What is asked for makes no sense; the message says why."""


class _Api:
    def __init__(self, source: Source) -> None:
        self._source = source

    async def status(self, _request: web.Request) -> web.Response:
        """Say who answers."""
        return json_answer(status_json(self._source.started_at, __version__))

    async def receivers(self, _request: web.Request) -> web.Response:
        """Name the channels."""
        return json_answer([{"name": name} for name in self._source.groups])

    async def alerts(self, request: web.Request) -> web.Response:
        """Give the alerts that fire and are asked for."""
        try:
            wanted = _Wanted(request, self._source.muted)
        except _BadRequestError as error:
            return json_answer(str(error), 400)
        takers = self._takers()
        now = self._source.now()
        return json_answer(
            [
                alert_json(alert, self._source.muted, takers.get(alert.fingerprint, ()), now)
                for alert in self._firing()
                if wanted.alert(alert) and wanted.receiver(takers.get(alert.fingerprint, ()))
            ]
        )

    async def post_alerts(self, _request: web.Request) -> web.Response:
        """Refuse."""
        return json_answer(_NO_ALERTS, 400)

    async def groups(self, request: web.Request) -> web.Response:
        """Give the alerts as each channel is told of them."""
        try:
            wanted = _Wanted(request, self._source.muted)
        except _BadRequestError as error:
            return json_answer(str(error), 400)
        takers = self._takers()
        now = self._source.now()
        found = []
        for name, groups in self._source.groups.items():
            for group in groups.values() if wanted.receiver([name]) else ():
                alerts = [a for a in (*group.firing, *group.muted) if wanted.alert(a)]
                documents = [
                    alert_json(a, self._source.muted, takers[a.fingerprint], now) for a in alerts
                ]
                labels, receiver = labels_json(group.labels), {"name": name}
                if documents:
                    found.append({"labels": labels, "receiver": receiver, "alerts": documents})
        return json_answer(found)

    async def silences(self, request: web.Request) -> web.Response:
        """Give the silences: those that hold first, then those to come, then the expired."""
        try:
            filters = _filters(request)
        except _BadRequestError as error:
            return json_answer(str(error), 400)
        now = self._source.now()
        found = [each for each in self._source.silences if _is_about(each, filters)]
        found.sort(key=lambda each: (_SILENCE_ORDER.index(each.state(now)), each.ends_at))
        return json_answer([silence_json(each, now) for each in found])

    async def silence(self, request: web.Request) -> web.Response:
        """Give one silence."""
        wanted = request.match_info["id"]
        for silence in self._source.silences:
            if silence.id == wanted:
                return json_answer(silence_json(silence, self._source.now()))
        return json_answer(f"no silence has the id {wanted}", 404)

    async def post_silence(self, request: web.Request) -> web.Response:
        """Add or change a silence."""
        reason = refusal(request)
        if reason:
            return json_answer(reason, 403)
        # What a page of another site can send without asking first is never JSON.
        if request.content_type != JSON:
            return json_answer("a silence is posted as application/json", 415)
        try:
            draft = json.decode(await request.read(), type=PostedSilence).draft()
            silence = await self._source.put_silence(draft)
        except _BAD_SILENCE as error:
            return json_answer(f"bad silence: {error}", 400)
        except UnknownSilenceError as error:
            return json_answer(str(error), 404)
        return json_answer({"silenceID": silence.id})

    async def expire_silence(self, request: web.Request) -> web.Response:
        """End a silence."""
        reason = refusal(request)
        if reason:
            return json_answer(reason, 403)
        try:
            await self._source.expire_silence(request.match_info["id"])
        except UnknownSilenceError as error:
            return json_answer(str(error), 404)
        except SilenceError as error:
            # A conflict, but this is what Alertmanager's clients know.
            return json_answer(str(error), 500)
        return web.Response()

    def _firing(self) -> list[Alert]:
        firing = (alert for alert in self._source.alerts if alert.state == "firing")
        return [self._source.watchdog, *firing]

    def _takers(self) -> Mapping[str, list[str]]:
        """Return the names of the channels that take each alert, by its fingerprint."""
        takers: dict[str, list[str]] = {}
        for name, groups in self._source.groups.items():
            for group in groups.values():
                for alert in (*group.firing, *group.muted):
                    takers.setdefault(alert.fingerprint, []).append(name)
        return takers


class _Wanted:
    """Which alerts a request asks for: `active`, `silenced`, `inhibited`, `muted`, `filter`,
    `receiver`. Raises _BadRequestError."""

    def __init__(self, request: web.Request, muted: Mapping[str, Muted]) -> None:
        self._muted = muted
        self._active = _flag(request, "active")
        self._silenced = _flag(request, "silenced")
        self._inhibited = _flag(request, "inhibited")
        self._timed = _flag(request, "muted")
        self._filters = _filters(request)
        self._receiver = _receiver(request)

    def alert(self, alert: Alert) -> bool:
        """Return whether `alert` is asked for."""
        why = self._muted.get(alert.fingerprint)
        if why is None:
            return self._active and match_all(self._filters, dict(alert.labels))
        return (
            (self._silenced or not why.silenced_by)
            and (self._inhibited or not why.inhibited_by)
            and (self._timed or not why.muted_by)
            and match_all(self._filters, dict(alert.labels))
        )

    def receiver(self, names: Iterable[str]) -> bool:
        """Return whether one of the channels `names` is asked for, or all alerts are."""
        return self._receiver is None or any(self._receiver.matches({"": name}) for name in names)


def _flag(request: web.Request, name: str) -> bool:
    text = request.query.get(name, "true").lower()
    if text not in ("true", "false"):
        raise _BadRequestError(f"{name} in query must be true or false")
    return text == "true"


def _filters(request: web.Request) -> tuple[Matcher, ...]:
    texts = request.query.getall("filter", [])
    try:
        matchers = parse_all(texts)
    except MatcherError as error:
        raise _BadRequestError(f"bad matcher format: {error}") from None
    return tuple(_affordable(request, matcher) for matcher in matchers)


def _receiver(request: web.Request) -> Matcher | None:
    if "receiver" not in request.query:
        return None
    try:
        matcher = make_matcher("", request.query["receiver"], is_regex=True, is_equal=True)
    except MatcherError as error:
        raise _BadRequestError(f"failed to parse receiver param: {error}") from None
    return _affordable(request, matcher)


def _affordable(request: web.Request, matcher: Matcher) -> Matcher:
    """Return `matcher`, unless a stranger could have it take for ever: reading is open to all,
    and Python's regular expressions can be made to stop the loop."""
    if matcher.is_regex and refusal(request) and not _PLAIN.fullmatch(matcher.value):
        raise _BadRequestError("regular expressions are only taken from this machine")
    return matcher


def _is_about(silence: Silence, filters: Iterable[Matcher]) -> bool:
    return match_all(filters, {matcher.name: matcher.value for matcher in silence.matchers})

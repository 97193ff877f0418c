"""`/check/…`: the daemon's judgement for Consul, load balancers, Kubernetes and its own plugin.

200 passing, 429 warning, 503 critical or not known, each with one line in words; 400 for a
question that makes no sense, 404 for a name that is not known. Who accepts JSON gets the whole
result, which the plugin prints.
"""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from monitor.checks.judge import judge
from monitor.checks.known import Known
from monitor.checks.output import status_line
from monitor.checks.question import Question, QuestionError, UnknownNameError, question
from monitor.checks.result import CRITICAL, OK, UNKNOWN, WARNING, to_plain, unknown
from monitor.web.answer import JSON, json_answer
from monitor.web.source import Source

_STATUS = {OK: 200, WARNING: 429, CRITICAL: 503, UNKNOWN: 503}
_ONCE = ("fact", "warning", "critical", "expect", "unknown")
_INSTEAD_OF_UNKNOWN = {"ok": 200, "warning": 429, "critical": 503}


class CheckHandler:
    """Answers checks by what the daemon knows."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def get(self, request: web.Request) -> web.Response:
        """Answer `/check/{kind}` and `/check/{kind}/{name}`."""
        kind = request.match_info["kind"]
        not_known = 503
        try:
            asked = _asked(kind, request)
            not_known = _INSTEAD_OF_UNKNOWN[request.query.get("unknown", "critical")]
            # In a thread, like the page: there may be thousands of objects.
            result = await asyncio.to_thread(judge, asked, self._known())
            status = not_known if result.level == UNKNOWN else _STATUS[result.level]
        except UnknownNameError as error:
            result, status = unknown(kind, str(error)), 404 if not_known == 503 else not_known
        except QuestionError as error:
            result, status = unknown(kind, str(error)), 400
        if JSON in request.headers.get("Accept", ""):
            return json_answer(to_plain(result), status)
        return web.Response(text=status_line(result) + "\n", status=status)

    def _known(self) -> Known:
        source = self._source
        return Known(
            snapshot=source.snapshot,
            alerts=source.alerts,
            alertnames=source.alertnames,
            muted=source.muted.keys(),
            now=source.now(),
            poll_interval_seconds=source.poll_interval_seconds,
        )


def _asked(kind: str, request: web.Request) -> Question:
    """Return the question of a request. Raises QuestionError."""
    query = request.query
    for name in query:
        if name not in (*_ONCE, "name"):
            raise QuestionError(f"{name!r} is no parameter: there are name, {', '.join(_ONCE)}")
        if name in _ONCE and len(query.getall(name)) > 1:
            raise QuestionError(f"{name} is given twice")
    if query.get("unknown", "ok") not in _INSTEAD_OF_UNKNOWN:
        raise QuestionError(f"unknown is one of {', '.join(_INSTEAD_OF_UNKNOWN)}")
    path: Mapping[str, str] = request.match_info
    names = [path["name"]] if "name" in path else []
    return question(
        kind,
        [*names, *query.getall("name", [])],
        fact=query.get("fact", ""),
        warning=query.get("warning"),
        critical=query.get("critical"),
        expect=query.get("expect"),
    )

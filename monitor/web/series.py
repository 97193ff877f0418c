"""`/api/v1/series`: the last hour of one queue or worker, as the charts draw it."""

from aiohttp import web

from monitor.facts.history import SERIES, STATES_BY_GRAVITY, STEP_SECONDS
from monitor.facts.scopes import IDENTITY
from monitor.values.names import bounded
from monitor.web.answer import json_answer
from monitor.web.page.objects import object_at
from monitor.web.source import Source


class SeriesHandler:
    """Answers with `{"scope", "labels", "step_seconds", "end_at", "series": {fact: values}}`.

    The values are the highest of each step, the oldest first, and null where a fact was not
    known; a state is the gravest of its step.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    async def get(self, request: web.Request) -> web.Response:
        """Answer for the object that the parameters `scope` and its labels name."""
        scope = request.query.get("scope", "")
        if scope not in SERIES:
            return json_answer({"error": f"scope is one of {', '.join(SERIES)}"}, 400)
        if missing := [name for name in IDENTITY[scope] if name not in request.query]:
            return json_answer({"error": f"{' and '.join(missing)} must be given"}, 400)
        snapshot = self._source.snapshot
        thing = object_at(snapshot, scope, request.query) if snapshot else None
        if thing is None:
            return json_answer({"error": f"no {scope} of that name is known"}, 404)
        return json_answer(self._document(scope, thing.key))

    def _document(self, scope: str, key: tuple[str, ...]) -> dict[str, object]:
        lines = self._source.last_hour.lines(scope, key)
        return {
            "scope": scope,
            "labels": dict(zip(IDENTITY[scope], map(bounded, key), strict=True)),
            "step_seconds": STEP_SECONDS,
            "end_at": next((line.end_at for line in lines.values()), None),
            "series": {name: _values(name, line.values) for name, line in lines.items()},
        }


def _values(name: str, values: tuple[float | None, ...]) -> list[float | str | None]:
    if name != "state":
        return list(values)
    return [None if value is None else STATES_BY_GRAVITY[int(value)] for value in values]

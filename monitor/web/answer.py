"""An answer in JSON, as every API here gives it."""

from aiohttp import web
from msgspec import json

JSON = "application/json"


def json_answer(document: object, status: int = 200) -> web.Response:
    """Return `document` as a response."""
    return web.Response(body=json.encode(document), status=status, content_type=JSON)

"""Response headers that keep a browser from doing what the page never asks for."""

from aiohttp import web

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # With no-referrer, browsers would not tell the origin of our own forms either.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # aiohttp would tell its version and Python's to whoever asks.
    "Server": "queue-monitor",
}


async def harden(_request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers on `response`; a signal handler for `on_response_prepare`."""
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")

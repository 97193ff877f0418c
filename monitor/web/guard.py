"""Who may change anything over HTTP: who logged in, or somebody on this machine.

Reading is open, as with every exporter. A write of somebody who did not log in is refused unless
it comes straight from this machine: a loopback peer, addressed by a loopback name (a page
elsewhere may have its own name resolve to here), through no proxy (which would make everybody
a loopback peer). A page of another site may write for nobody.
"""

from contextvars import ContextVar
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

authenticated: ContextVar[bool] = ContextVar("authenticated", default=False)
"""Whether the sender of the request that is being answered is known; `security.py` says so."""

_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDING = (
    "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP",
)  # fmt: skip
_OTHER_SITE = "changes are not taken from a page of another site"


def refusal(request: web.Request) -> str | None:
    """Return why `request` may not change anything; None: it may."""
    if authenticated.get():
        return None if _is_own_page(request) else _OTHER_SITE
    if not _is_loopback(request.remote):
        return "changes are only taken from this machine, or with a login"
    if any(name in request.headers for name in _FORWARDING):
        return "changes are not taken through a proxy"
    if _host(f"//{request.headers.get('Host', '')}") not in _HOSTS:
        return "changes are only taken at localhost, 127.0.0.1 or [::1]"
    origin = request.headers.get("Origin")
    if origin is not None and _host(origin) not in _HOSTS:
        return _OTHER_SITE
    return None


def _is_own_page(request: web.Request) -> bool:
    """Return whether no page, or one of the monitor itself, sent `request`: browsers send a
    login along with whatever page asks them to."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    return origin.partition("://")[2].lower() == request.headers.get("Host", "").lower()


def _is_loopback(peer: str | None) -> bool:
    try:
        address = ip_address((peer or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None

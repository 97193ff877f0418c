"""Who may change anything over HTTP: somebody on this machine, and no page in their browser.

Reading is open, as with every exporter. A write is refused unless it comes straight from this
machine: a loopback peer, addressed by a loopback name (a page elsewhere may have its own name
resolve to here), through no proxy (which would make everybody a loopback peer), and not sent
by a page of another site.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDING = (
    "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP",
)  # fmt: skip


def refusal(request: web.Request) -> str | None:
    """Return why `request` may not change anything; None: it may."""
    if not _is_loopback(request.remote):
        return "changes are only taken from this machine"
    if any(name in request.headers for name in _FORWARDING):
        return "changes are not taken through a proxy"
    if _host(f"//{request.headers.get('Host', '')}") not in _HOSTS:
        return "changes are only taken at localhost, 127.0.0.1 or [::1]"
    origin = request.headers.get("Origin")
    if origin is not None and _host(origin) not in _HOSTS:
        return "changes are not taken from a page of another site"
    return None


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

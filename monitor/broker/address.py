"""Where a broker is and who we are there, from a URL in the forms that kombu takes."""

from dataclasses import dataclass, replace
from urllib.parse import parse_qs, unquote, urlsplit

from monitor.values.secret import Secret

SCHEMES = ("redis", "rediss", "redis+socket", "sentinel")
_NO_VERIFY = ("CERT_NONE", "none", "0")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is and who we are there."""

    scheme: str
    host: str
    port: int
    path: str
    db: int
    username: str | None
    password: Secret | None
    verify: bool
    """False when the URL itself asks not to check the server's certificate."""
    sentinels: tuple[tuple[str, int], ...] = ()
    """Host and port of those to ask for the master; the broker itself is elsewhere then."""

    def __str__(self) -> str:
        several = ";".join(f"{host}:{port}" for host, port in self.sentinels)
        place = self.path or several or f"{self.host}:{self.port}"
        return f"{self.scheme}://{place}/{self.db}"


def parse_url(url: Secret) -> Address:
    """Return the parts of a broker URL.

    Several sentinels are joined by `;`, and login and database are those of the first, as in
    kombu. Raises ValueError, which never quotes a password, when it cannot be a broker's.
    """
    first, *others = url.reveal().split(";") if is_sentinel(url) else [url.reveal()]
    address = _parse(first)
    if address.scheme != "sentinel":
        return address
    nodes = [address, *(_parse(other) for other in others if other)]
    if any(node.scheme != "sentinel" for node in nodes):
        raise ValueError("not all joined by ; are sentinels: write sentinel://a;sentinel://b/0")
    return replace(address, sentinels=tuple((node.host, node.port) for node in nodes))


def is_sentinel(url: Secret) -> bool:
    """Return whether the URL names sentinels, not the broker itself."""
    return url.reveal().startswith("sentinel://")


def _parse(url: str) -> Address:
    try:
        parts = urlsplit(url)
        port = parts.port or (26379 if parts.scheme == "sentinel" else 6379)
    except ValueError as error:
        raise ValueError("is not a URL: write it like redis://host:6379/0") from error
    if parts.scheme not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise ValueError(f"scheme {parts.scheme!r} is not supported: use one of {known}")
    query = parse_qs(parts.query)
    socket = parts.scheme == "redis+socket"
    database = query.get("virtual_host", ["0"])[0] if socket else parts.path.strip("/") or "0"
    if not database.isdecimal():
        # What stands there may be part of a password, so it is not quoted.
        raise ValueError("the database is not a number: write it like redis://host:6379/0")
    return Address(
        scheme=parts.scheme,
        host=parts.hostname or "127.0.0.1",
        port=port,
        path=unquote(parts.path) if socket else "",
        db=int(database),
        username=unquote(parts.username) if parts.username else None,
        password=Secret(unquote(parts.password)) if parts.password else None,
        verify=query.get("ssl_cert_reqs", [""])[0] not in _NO_VERIFY,
    )

"""TLS towards a broker and its sentinels: what redis-py is told of it, and the operator."""

from typing import Any

from monitor.broker.address import is_sentinel, parse_url
from monitor.broker.settings import TlsSettings
from monitor.values.secret import Secret


def tls_options(tls: TlsSettings, *, verify: bool) -> dict[str, Any]:
    """Return the options of a redis-py connection; `verify` is whether certificates are checked."""
    return {
        "ssl_ca_certs": tls.ca_file,
        "ssl_certfile": tls.cert_file,
        "ssl_keyfile": tls.key_file,
        "ssl_cert_reqs": "required" if verify else "none",
        "ssl_check_hostname": verify and tls.check_hostname,
    }


def tls_warning(url: Secret, tls: TlsSettings) -> str:
    """Return what is to be said of certificates that nobody checks; empty: they are checked."""
    sentinel = is_sentinel(url) and tls != TlsSettings()
    if not (sentinel or url.reveal().startswith("rediss://")):
        return ""
    if not (tls.verify and parse_url(url).verify):
        return "THE BROKER'S CERTIFICATE IS NOT VERIFIED: the settings say so"
    if not sentinel and "ssl_cert_reqs=" not in url.reveal():
        return (
            "CELERY DOES NOT VERIFY this broker's certificate, unless broker_use_ssl says so: "
            "give your app a URL with ?ssl_cert_reqs=CERT_REQUIRED (the monitor verifies it)"
        )
    return ""

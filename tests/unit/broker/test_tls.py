"""What is said of certificates that nobody checks."""

import pytest

from monitor.broker.settings import TlsSettings
from monitor.broker.tls import tls_warning
from monitor.values.secret import Secret


@pytest.mark.parametrize(
    ("url", "tls", "says"),
    [
        ("redis://web1", TlsSettings(), ""),
        ("rediss://web1", TlsSettings(), "CELERY DOES NOT VERIFY"),
        ("rediss://web1?ssl_cert_reqs=CERT_REQUIRED", TlsSettings(), ""),
        ("rediss://web1?ssl_cert_reqs=CERT_NONE", TlsSettings(), "IS NOT VERIFIED"),
        ("rediss://web1", TlsSettings(verify=False), "IS NOT VERIFIED"),
        ("sentinel://web1", TlsSettings(), ""),
        ("sentinel://web1", TlsSettings(ca_file="ca.pem"), ""),
        ("sentinel://web1", TlsSettings(verify=False), "IS NOT VERIFIED"),
    ],
)
def test_certificates_that_nobody_checks_are_spoken_of(
    url: str, tls: TlsSettings, says: str
) -> None:
    warning = tls_warning(Secret(url), tls)
    assert (says in warning, bool(warning)) == (True, bool(says))

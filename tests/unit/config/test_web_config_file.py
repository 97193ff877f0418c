"""The format of exporter-toolkit's `web-config.yml`: what it takes, and each mistake's message."""

import re
import ssl
from pathlib import Path

import pytest
import trustme

from monitor.config.web_config_file import read_access
from monitor.web.security import AccessError

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
CERT = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
VERIFY = CERT + "  client_auth_type: RequireAndVerifyClientCert\n"

GOOD = {
    "empty": "",
    "certificate": CERT,
    "client certificate": VERIFY + "  client_ca_file: ca.crt\n",
    "client names": VERIFY + "  client_ca_file: ca.crt\n  client_allowed_sans: [one, two]\n",
    "old versions": CERT + "  min_version: TLS10\n  max_version: TLS12\n",
    "one curve": CERT + "  curve_preferences: [X25519]\n",
    "no HTTP/2": CERT + "http_server_config: {http2: false}\n",
    "users": f"basic_auth_users:\n  alice: {HASH}\n  bob: {HASH}\n",
    "headers": (
        "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
        "    X-Content-Type-Options: nosniff\n    Content-Security-Policy: ''\n"
    ),
    "no limit": "rate_limit: {interval: 0, burst: 0}\n",
    "a limit": "rate_limit: {interval: 1s, burst: 5}\n",
}

BAD = {
    CERT.replace("server.crt", '""'): "~:2:15: tls_server_config.cert_file: must not be empty",
    CERT.replace("server.crt", "gone"): (
        "~:2:14: tls_server_config.cert_file: cannot be read: No such file or directory"
    ),
    CERT.replace("server.crt", "web.yml"): (
        "~:2:14: tls_server_config.cert_file: is no certificate with its key: not pem"
    ),
    CERT.replace("server.key", "other.key"): (
        "~:2:14: tls_server_config.cert_file: is no certificate with its key: key values mismatch"
    ),
    CERT.replace("server.key", "locked.key"): (
        "~:3:13: tls_server_config.key_file: is encrypted: there is nobody to ask for its password"
    ),
    CERT + "  cert: text\n": (
        "~:2:14: tls_server_config.cert_file: cert is given too: keep one of the two"
    ),
    "tls_server_config:\n  key_file: server.key\n": (
        "~:2:3: tls_server_config.cert_file: is required for TLS, or cert"
    ),
    VERIFY: (
        "~:2:3: tls_server_config.client_ca_file: is required: without it every public authority "
        "could let clients in"
    ),
    VERIFY + "  client_ca_file: gone\n": (
        "~:5:19: tls_server_config.client_ca_file: cannot be read: No such file or directory"
    ),
    CERT + "  client_ca_file: ca.crt\n": (
        "~:4:19: tls_server_config.client_ca_file: has no effect without client_auth_type"
    ),
    CERT + "  client_auth_type: RequireAnyClientCert\n": (
        "~:4:21: tls_server_config.client_auth_type: cannot be had here: a certificate that is "
        "asked for is always verified; write RequireAndVerifyClientCert, or "
        "VerifyClientCertIfGiven"
    ),
    CERT + "  min_version: TLS111\n": (
        "~:4:16: tls_server_config.min_version: expected one of TLS10, TLS11, TLS12, TLS13, not "
        "'TLS111' (did you mean 'TLS11'?)"
    ),
    CERT + "  max_version: TLS11\n": (
        "~:4:16: tls_server_config.max_version: leaves no version: TLS12 and TLS13 are spoken here"
    ),
    CERT + "  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n": (
        "~:5:18: tls_server_config.cipher_suites: names none for the versions that are allowed"
    ),
    CERT + "  curve_preferences: [X25519, CurveP256]\n": (
        "~:4:22: tls_server_config.curve_preferences: only one curve can be set here: name one, "
        "or none"
    ),
    "basic_auth_users: {john: doe}\n": (
        "~:1:26: basic_auth_users.john: is not a bcrypt hash: make it with `htpasswd -nBC 10 USER`"
    ),
    "http_server_config:\n  headers: {X-Frame-Options: foo}\n": (
        "~:2:30: http_server_config.headers.X-Frame-Options: expected deny or sameorigin, not 'foo'"
    ),
    "http_server_config:\n  headers: {Content-Type: foo}\n": (
        "~:2:27: http_server_config.headers.Content-Type: this header cannot be set "
        "(did you mean 'X-Content-Type-Options'?)"
    ),
    'http_server_config:\n  headers: {X-XSS-Protection: "1\\r\\nA: b"}\n': (
        "~:2:31: http_server_config.headers.X-XSS-Protection: must be on one line"
    ),
    "rate_limit: {interval: 1s}\n": (
        "~:1:13: rate_limit.burst: must be at least 1: with less, every request would be refused"
    ),
    "tls_server_confg: {}\n": (
        "~:1:1: tls_server_confg: unknown key (did you mean 'tls_server_config'?)"
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    ca = trustme.CA()
    cert = ca.issue_cert("localhost")
    cert.cert_chain_pems[0].write_to_path(folder / "server.crt")
    cert.private_key_pem.write_to_path(folder / "server.key")
    ca.cert_pem.write_to_path(folder / "ca.crt")
    ca.issue_cert("other").private_key_pem.write_to_path(folder / "other.key")
    (folder / "locked.key").write_bytes(_locked(cert.private_key_pem.bytes()))
    return folder


def _locked(key: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return serialization.load_pem_private_key(key, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )


@pytest.mark.parametrize("name", GOOD)
def test_what_exporters_take_is_taken(name: str, folder: Path) -> None:
    (folder / "web.yml").write_text(GOOD[name])
    access = read_access(str(folder / "web.yml"))
    assert (access.context is not None) == GOOD[name].startswith("tls")


@pytest.mark.parametrize("text", BAD)
def test_a_mistake_is_told_with_its_place(text: str, folder: Path) -> None:
    file = folder / "web.yml"
    file.write_text(text)
    with pytest.raises(AccessError) as refused:
        read_access(str(file))
    assert str(refused.value).replace(str(file), "~") == BAD[text]


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=r"web\.yml: cannot be read: No such file or directory$"):
        read_access(str(tmp_path / "web.yml"))


def test_gos_ciphers_are_openssls_in_the_order_of_the_file(folder: Path) -> None:
    suites = (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_AES_128_GCM_SHA256",
    )
    (folder / "web.yml").write_text(
        f"{CERT}  cipher_suites: [{', '.join(suites)}]\n  prefer_server_cipher_suites: false\n"
    )
    context = read_access(str(folder / "web.yml")).context
    assert context is not None
    names = [each["name"] for each in context.get_ciphers() if each["protocol"] != "TLSv1.3"]
    assert names == [
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-SHA",
    ]
    assert not context.options & ssl.Options.OP_CIPHER_SERVER_PREFERENCE


def test_every_cipher_of_go_is_known_to_openssl(folder: Path) -> None:
    from typing import get_args

    from monitor.web.web_config import Cipher

    names = get_args(Cipher)
    (folder / "web.yml").write_text(f"{CERT}  cipher_suites: [{', '.join(names)}]\n")
    context = read_access(str(folder / "web.yml")).context
    assert context is not None
    old = [each for each in context.get_ciphers() if each["protocol"] != "TLSv1.3"]
    assert len(old) == len([name for name in names if "_WITH_" in name])


def test_certificates_may_stand_in_the_file(folder: Path) -> None:
    def block(file: str) -> str:
        return "|\n" + "".join(f"    {line}\n" for line in (folder / file).read_text().splitlines())

    (folder / "web.yml").write_text(
        f"tls_server_config:\n  cert: {block('server.crt')}  key: {block('server.key')}"
        f"  client_ca: {block('ca.crt')}  client_auth_type: VerifyClientCertIfGiven\n"
    )
    access = read_access(str(folder / "web.yml"))
    assert access.context is not None
    assert access.context.verify_mode == ssl.CERT_OPTIONAL
    assert "PRIVATE KEY" not in repr(access)


def test_what_the_docs_show_is_taken(folder: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "security.md").read_text()
    (shown,) = (
        block
        for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        if "tls_server" in block
    )
    (folder / "clients-ca.crt").write_bytes((folder / "ca.crt").read_bytes())
    (folder / "web.yml").write_text(shown)
    access = read_access(str(folder / "web.yml"))
    assert access.context is not None
    assert (access.config.rate_limit.burst, len(access.config.basic_auth_users)) == (200, 1)

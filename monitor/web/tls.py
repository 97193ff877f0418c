"""From `tls_server_config` to an SSL context: Go's words in OpenSSL's. Used by `security.py`."""

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from monitor.web.web_config import TlsServerConfig

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CURVES = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
_VERIFY = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


class TlsError(Exception):
    """What cannot be used; `field` names the key of the section, and the message says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def files_of(config: TlsServerConfig, folder: Path) -> tuple[Path, ...]:
    """Return the files that the section names, relative to `folder`."""
    names = (config.cert_file, config.key_file, config.client_ca_file)
    return tuple(folder / name for name in names if name)


def make_context(config: TlsServerConfig, folder: Path) -> ssl.SSLContext:
    """Return the context of a server. Raises TlsError."""
    _refuse_contradictions(config)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # HTTP/1.1 alone is spoken; without this a client that offers h2 would be left to guess.
    context.set_alpn_protocols(["http/1.1"])
    _set_versions(context, config)
    if config.curve_preferences:
        context.set_ecdh_curve(_CURVES[config.curve_preferences[0]])
    _load_certificate(context, config, folder)
    _load_client_ca(context, config, folder)
    return context


def _refuse_contradictions(config: TlsServerConfig) -> None:
    for inline, file in (
        ("cert", "cert_file"),
        ("key", "key_file"),
        ("client_ca", "client_ca_file"),
    ):
        if getattr(config, inline) and getattr(config, file):
            raise TlsError(file, f"{inline} is given too: keep one of the two")
        if getattr(config, inline) == "" or getattr(config, file) == "":
            raise TlsError(inline if getattr(config, inline) == "" else file, "must not be empty")
    for inline, file in (("cert", "cert_file"), ("key", "key_file")):
        if getattr(config, inline) is None and getattr(config, file) is None:
            raise TlsError(file, f"is required for TLS, or {inline}")
    if config.client_auth_type not in _VERIFY:
        message = (
            "cannot be had here: a certificate that is asked for is always verified; write "
            "RequireAndVerifyClientCert, or VerifyClientCertIfGiven"
        )
        raise TlsError("client_auth_type", message)
    if config.client_auth_type == "NoClientCert":
        for name in ("client_ca", "client_ca_file", "client_allowed_sans"):
            if getattr(config, name) is not None:
                raise TlsError(name, "has no effect without client_auth_type")
    if len(config.curve_preferences) > 1:
        raise TlsError("curve_preferences", "only one curve can be set here: name one, or none")


def _set_versions(context: ssl.SSLContext, config: TlsServerConfig) -> None:
    least = _VERSIONS.get(config.min_version, ssl.TLSVersion.TLSv1_2)
    most = _VERSIONS.get(config.max_version)
    if most is None or most < least:
        raise TlsError("max_version", "leaves no version: TLS12 and TLS13 are spoken here")
    old = [name for name in config.cipher_suites if "_WITH_" in name]
    if old:
        context.set_ciphers(":".join(map(_openssl_name, old)))
    elif config.cipher_suites:
        least = ssl.TLSVersion.TLSv1_3
        if most < least:
            raise TlsError("cipher_suites", "names none for the versions that are allowed")
    context.minimum_version, context.maximum_version = least, most
    context.options &= ~ssl.Options.OP_CIPHER_SERVER_PREFERENCE
    if config.prefer_server_cipher_suites:
        context.options |= ssl.Options.OP_CIPHER_SERVER_PREFERENCE


def _openssl_name(go: str) -> str:
    """Return `ECDHE-RSA-AES128-GCM-SHA256` for `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`."""
    exchange, cipher = go.removeprefix("TLS_").split("_WITH_")
    if cipher.startswith("CHACHA20"):
        cipher = "CHACHA20_POLY1305"
    name = f"{exchange}_{cipher}".replace("AES_128", "AES128").replace("AES_256", "AES256")
    return name.replace("_CBC", "").replace("_", "-")


def _load_certificate(context: ssl.SSLContext, config: TlsServerConfig, folder: Path) -> None:
    with (
        _as_file(config.cert, config.cert_file, "cert", folder) as cert,
        _as_file(config.key, config.key_file, "key", folder) as key,
    ):
        try:
            context.load_cert_chain(cert, key, password=_no_password)
        except ssl.SSLError as error:
            field = "cert_file" if config.cert_file else "cert"
            raise TlsError(field, f"is no certificate with its key: {_reason(error)}") from None
        except _EncryptedError:
            field = "key_file" if config.key_file else "key"
            raise TlsError(field, "is encrypted: there is nobody to ask for its password") from None


class _EncryptedError(Exception):
    """Raised instead of asking for a password at the terminal."""


def _no_password() -> str:
    raise _EncryptedError


@contextmanager
def _as_file(text: str | None, name: str | None, field: str, folder: Path) -> Iterator[str]:
    """Yield the name of a readable file; what stands in the settings never touches a disk."""
    if text is None:
        path = folder / str(name)
        try:
            path.read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "is not the name of a file"
            raise TlsError(f"{field}_file", f"cannot be read: {reason}") from None
        yield str(path)
        return
    descriptor = os.memfd_create(field)
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _load_client_ca(context: ssl.SSLContext, config: TlsServerConfig, folder: Path) -> None:
    context.verify_mode = _VERIFY[config.client_auth_type]
    if context.verify_mode == ssl.CERT_NONE:
        return
    if config.client_ca is None and config.client_ca_file is None:
        message = "is required: without it every public authority could let clients in"
        raise TlsError("client_ca_file", message)
    field = "client_ca_file" if config.client_ca_file else "client_ca"
    with _as_file(config.client_ca, config.client_ca_file, "client_ca", folder) as file:
        try:
            context.load_verify_locations(cafile=file)
        except ssl.SSLError as error:
            raise TlsError(field, f"holds no certificate: {_reason(error)}") from None


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "not PEM").replace("_", " ").lower()


def has_allowed_name(certificate: Mapping[str, Any] | None, allowed: tuple[str, ...]) -> bool:
    """Return whether a verified `certificate`, as `getpeercert` has it, has a name in `allowed`."""
    names = (certificate or {}).get("subjectAltName", ())
    return any(_plain(kind, name) in allowed for kind, name in names)


def _plain(kind: str, name: str) -> str:
    if kind != "IP Address":
        return name
    # OpenSSL writes IPv6 in its own way, and Go, after whose words this is named, in the usual.
    try:
        return str(ip_address(name.strip()))
    except ValueError:
        return name

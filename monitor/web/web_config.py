"""The file that `web.config_file` names: exporter-toolkit's `web-config.yml`, as dataclasses.

What operators of Prometheus's exporters know: the same words, the same meaning, the same
defaults. `config/web_config_file.py` reads it, `security.py` holds what is in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from monitor.values.secret import Secret
from monitor.values.units import Seconds

ClientAuth = Literal[
    "NoClientCert",
    "RequestClientCert",
    "RequireClientCert",
    "RequireAnyClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
]
Version = Literal["TLS10", "TLS11", "TLS12", "TLS13"]
Cipher = Literal[
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
]
Curve = Literal["CurveP256", "CurveP384", "CurveP521", "X25519"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsServerConfig:
    """The section `tls_server_config`. File names may be relative to the file's folder."""

    cert: str | None = None
    """The server's certificates (PEM), in the file itself."""
    key: str | None = field(default=None, repr=False)
    """Their key (PEM), in the file itself. No Secret, which would claim the name `key_file`."""
    client_ca: str | None = None
    """The certificates (PEM) that clients' are verified by, in the file itself."""
    cert_file: str | None = None
    key_file: str | None = None
    client_auth_type: ClientAuth = "NoClientCert"
    client_ca_file: str | None = None
    client_allowed_sans: tuple[str, ...] | None = None
    """Of a client's alternative names (DNS, IP, e-mail, URI) one must be among these."""
    min_version: Version = "TLS12"
    max_version: Version = "TLS13"
    cipher_suites: tuple[Cipher, ...] = ()
    """For TLS 1.2; those of TLS 1.3 are not chosen, as in Go."""
    prefer_server_cipher_suites: bool = True
    curve_preferences: tuple[Curve, ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether anything here asks for TLS."""
        asked = (self.cert, self.cert_file, self.key, self.key_file)
        clients = (self.client_ca, self.client_ca_file, self.client_allowed_sans)
        given = any(value is not None for value in (*asked, *clients))
        return given or self.client_auth_type != "NoClientCert"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServerConfig:
    """The section `http_server_config`."""

    http2: bool = True
    """Has no effect: HTTP/1.1 is spoken, which every client does."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of responses, instead of the monitor's own; a blank one is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """The section `rate_limit`: a token bucket over all requests."""

    interval: Seconds = 0.0
    """Between two requests; 0 for no limit."""
    burst: int = 0
    """How many may come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """The whole file."""

    # pydantic, which reads it, applies this to the plain dataclasses below.
    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    tls_server_config: TlsServerConfig = field(default_factory=TlsServerConfig)
    http_server_config: HttpServerConfig = field(default_factory=HttpServerConfig)
    basic_auth_users: Mapping[str, Secret] = field(default_factory=dict)
    """From user to the bcrypt hash of the password. None: everybody may read."""
    rate_limit: RateLimit = field(default_factory=RateLimit)

"""Where the monitor listens, and what its page links to."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The section `web`."""

    listen: str = "0.0.0.0:9808"
    """HOST:PORT; port 0 takes one that the kernel chooses."""
    config_file: str | None = None
    """TLS, client certificates, logins and headers: a `web-config.yml` as Prometheus's exporters
    take it. Read again when it changes. Left out: everybody may look, without TLS."""
    external_url: str | None = None
    """Where people reach the monitor, for links in alerts, such as https://monitor.example.com/;
    left out: the host's name and the port."""
    links: Mapping[str, str] = field(default_factory=dict)
    """What stands beside the name in the header of the page, such as dashboards: an http or https
    URL for each text."""

    def page_url(self, scheme: str, host: str, port: int) -> str:
        """Return where people reach the status page, with a slash at the end.

        `scheme`, `host` and `port` are where it is served.
        """
        return f"{(self.external_url or f'{scheme}://{host}:{port}').rstrip('/')}/"

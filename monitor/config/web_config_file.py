"""Reads the file that `web.config_file` names; every mistake is told with its line and column.

The format is exporter-toolkit's `web-config.yml`, whose dataclasses are in
`web/web_config.py`. Called by the daemon: at its start, and when a file has changed.
"""

import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from ssl import SSLContext

from monitor.config.document import Node
from monitor.config.load import read_file
from monitor.config.placed import problem_at
from monitor.config.problem import ConfigError, Path, Problem, quoted
from monitor.config.shape import section_of
from monitor.config.validate import validate
from monitor.values.suggestion import did_you_mean
from monitor.web.security import Access, AccessError
from monitor.web.tls import TlsError, files_of, make_context
from monitor.web.web_config import WebConfig

_HASH = re.compile(r"\$2[abxy]?\$(\d\d)\$[./A-Za-z0-9]{53}")
_COSTS = range(4, 32)
_HEADERS = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
"""Those that may be set, and of some the only values."""


def read_access(name: str) -> Access:
    """Return who may in by the file `name`. Raises AccessError with all that is wrong."""
    try:
        return _read(name)
    except ConfigError as error:
        raise AccessError(str(error)) from None


def _read(name: str) -> Access:
    problems: list[Problem] = []
    # Hashes hold dollar signs: nothing is replaced.
    tree = read_file(name, None, problems)
    _allow_bare_zero(tree)
    config: WebConfig | None = validate(section_of(WebConfig), tree, problems)
    context: SSLContext | None = None
    folder = FilePath(name).absolute().parent
    if config is not None and not problems:
        problems += _mistakes(config, tree)
        if config.tls_server_config.is_on:
            try:
                context = make_context(config.tls_server_config, folder)
            except TlsError as error:
                problems.append(problem_at(tree, ("tls_server_config", error.field), str(error)))
    if problems or config is None:
        files = files_of(config.tls_server_config, folder) if config else ()
        raise AccessError(str(ConfigError(problems)), files)
    return Access(config, context, files_of(config.tls_server_config, folder))


def _allow_bare_zero(tree: Node) -> None:
    """Let `interval: 0` do without a unit, as the format has it."""
    limit = tree.child("rate_limit")
    interval = limit.child("interval") if limit else None
    if interval is not None and interval.value == 0:
        interval.value = "0s"


def _mistakes(config: WebConfig, tree: Node) -> Iterator[Problem]:
    for user, hashed in config.basic_auth_users.items():
        found = _HASH.fullmatch(hashed.reveal())
        if not found or int(found[1]) not in _COSTS:
            message = "is not a bcrypt hash: make it with `htpasswd -nBC 10 USER`"
            yield problem_at(tree, ("basic_auth_users", user), message)
    for name, value in config.http_server_config.headers.items():
        path: Path = ("http_server_config", "headers", name)
        if name not in _HEADERS:
            message = f"this header cannot be set{did_you_mean(name, _HEADERS)}"
            yield problem_at(tree, path, message)
        elif value and _HEADERS[name] and value not in _HEADERS[name]:
            expected = " or ".join(_HEADERS[name])
            yield problem_at(tree, path, f"expected {expected}, not {quoted(value)}")
        elif not value.isprintable():
            yield problem_at(tree, path, "must be on one line")
    limit = config.rate_limit
    if limit.interval > 0 and limit.burst < 1:
        message = "must be at least 1: with less, every request would be refused"
        yield problem_at(tree, ("rate_limit", "burst"), message)

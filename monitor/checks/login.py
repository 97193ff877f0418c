"""The options by which a program asks a daemon: where it is, and who we are there.

`check`, `top`, `silence` and `rules list` share them; the first two do without a daemon as well.
"""

import argparse
from urllib.parse import urlsplit

from monitor.checks.ask import Daemon
from monitor.checks.question import QuestionError

DEFAULT_URL = "http://127.0.0.1:9808"


def add_login_arguments(
    parser: argparse.ArgumentParser, url_help: str = f"of the daemon ({DEFAULT_URL})"
) -> None:
    """Declare them."""
    parser.add_argument("--url", help=url_help)
    parser.add_argument("--user", help="who logs in")
    parser.add_argument("--password-file", metavar="FILE", help="with the password, on one line")
    parser.add_argument("--ca-file", metavar="FILE", help="certificates (PEM) to trust")
    parser.add_argument("--cert-file", metavar="FILE", help="own certificate (PEM)")
    parser.add_argument("--key-file", metavar="FILE", help="key (PEM) of the own certificate")


def add_broker_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare those by which `target.py` finds a broker, with the login from above."""
    parser.add_argument("--broker", metavar="URL", help="look at this broker, without a daemon")
    parser.add_argument("--transport-options", metavar="JSON", help="Celery's, for --broker")


def daemon_of(args: argparse.Namespace) -> Daemon:
    """Return the daemon that the options name. Raises QuestionError."""
    url = args.url or DEFAULT_URL
    _check_url(url)
    return Daemon(
        url=url,
        user=args.user,
        password=read_password(args.password_file) or "",
        ca_file=args.ca_file,
        cert_file=args.cert_file,
        key_file=args.key_file,
    )


def _check_url(url: str) -> None:
    """Raise QuestionError where `url` is none of a daemon."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise QuestionError("--url is not a URL: write it like http://host:9808")
    if parts.username is not None:
        raise QuestionError("--url must not hold a password: give --user and --password-file")


def read_password(file: str | None) -> str | None:
    """Return what stands in `file`; None: no file. Raises QuestionError."""
    if file is None:
        return None
    from pathlib import Path  # only who logs in pays for it

    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is not text"
        raise QuestionError(f"--password-file {file}: {reason}") from error

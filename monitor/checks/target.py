"""The broker that a plugin without a daemon looks at, from the command line."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from monitor.broker.address import parse_url
from monitor.broker.celery_options import SENTINELS_OWN_OPTIONS, WORKERS_OWN_OPTIONS
from monitor.broker.settings import BrokerSettings, SentinelOptions, TlsSettings, TransportOptions
from monitor.checks.login import read_password
from monitor.checks.question import QuestionError
from monitor.values.secret import Secret
from monitor.values.suggestion import did_you_mean


def broker_of(args: argparse.Namespace, url: str) -> BrokerSettings:
    """Return the broker at `url`, with the login that the options name. Raises QuestionError."""
    if args.broker and args.url:
        raise QuestionError("give --url, to ask a daemon, or --broker, to do without one")
    return broker_settings(
        url,
        user=args.user,
        password=read_password(args.password_file),
        tls=TlsSettings(ca_file=args.ca_file, cert_file=args.cert_file, key_file=args.key_file),
        options=args.transport_options,
    )


def broker_settings(
    url: str, *, user: str | None, password: str | None, tls: TlsSettings, options: object
) -> BrokerSettings:
    """Return what to look at.

    `options` is Celery's `broker_transport_options`, as JSON or as it stands in an app. Raises
    QuestionError, which never quotes a password.
    """
    try:
        secret = Secret(_with_login(url, user, password))
        parse_url(secret)
    except ValueError as error:
        raise QuestionError(f"--broker: {error}") from error
    return BrokerSettings(url=secret, transport_options=_transport_options(options), tls=tls)


def _with_login(url: str, user: str | None, password: str | None) -> str:
    """Return `url` with a login that is not for everybody to read in the list of processes."""
    if user is None and password is None:
        return url
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    login = f"{quote(user or '', safe='')}:{quote(password or '', safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{place}"))


def _transport_options(given: object) -> TransportOptions:
    option = "--transport-options"
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise QuestionError(f"{option} is not JSON: {error}") from error
    if given is None:
        return TransportOptions()
    if not isinstance(given, Mapping):
        raise QuestionError(f"{option} is not a JSON object")
    used = _used(given, TransportOptions, WORKERS_OWN_OPTIONS)
    sentinels = used.get("sentinel_kwargs")
    if isinstance(sentinels, Mapping):
        used["sentinel_kwargs"] = _used(sentinels, SentinelOptions, SENTINELS_OWN_OPTIONS)
    try:
        options = msgspec.convert(used, TransportOptions, dec_hook=_secret)
    except msgspec.ValidationError as error:
        raise QuestionError(f"{option}: {error}") from error
    for name, message in options.mistakes():
        raise QuestionError(f"{option}: {name} {message}")
    return options


def _used(given: Mapping[str, Any], options: type, workers_own: frozenset[str]) -> dict[str, Any]:
    """Return of `given` what decides what stands in Redis. Raises QuestionError."""
    known = [field.name for field in fields(options)]
    for name in given:
        if name not in known and name not in workers_own:
            raise QuestionError(f"unknown transport option {name!r}{did_you_mean(name, known)}")
    return {name: value for name, value in given.items() if name in known}


def _secret(_wanted: type, value: object) -> Secret:
    """Make the one type of these options that msgspec does not know."""
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return Secret(value)

"""`queue-monitor rules list|export|test`. Called by `cli.py`.

Each function takes the parsed arguments and returns the exit status: 0 fine, 1 a rule cannot be
exported, a test failed or the daemon does not answer, 2 a bad file or wrong usage.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from msgspec import DecodeError, Struct, json

from monitor.alerts.prometheus_rules import prometheus_rule
from monitor.alerts.promql import NotExpressibleError
from monitor.alerts.rule_tests import failures
from monitor.alerts.rules import rules_in_force
from monitor.alerts.settings import RuleSettings
from monitor.checks.ask import AskError, Daemon, ask_snapshot, not_ours
from monitor.checks.login import add_login_arguments, daemon_of
from monitor.checks.question import QuestionError
from monitor.config.load import load
from monitor.config.problem import ConfigError
from monitor.config.rule_test_file import ANY_BROKER, TestedRules
from monitor.values.names import printable
from monitor.values.units import format_duration

_ANSWER_SECONDS = 10.0


class _Labels(Struct):
    alertname: str
    severity: str


class _Alert(Struct):
    labels: _Labels
    state: str


class _Answer(Struct):
    """Of a snapshot only this."""

    alerts: list[_Alert]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions of `rules`, and their options."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    list_ = actions.add_parser(
        "list",
        help="list the rules, and how each stands",
        description="List the rules; with --url, how many alerts of each fire or wait.",
        epilog="example: queue-monitor rules list --url http://localhost:9808",
    )
    add_login_arguments(list_, "a running monitor, such as http://localhost:9808")
    _add_config(list_)
    list_.set_defaults(run=list_rules)
    export_ = actions.add_parser(
        "export",
        help="print the rules for another program",
        description="Print the rules as Prometheus alerting rules; those that PromQL cannot say "
        "are named on standard error.",
        epilog="example: queue-monitor rules export --config config.yaml > celery.rules.yml",
    )
    export_.add_argument(
        "--format", choices=("prometheus",), default="prometheus", help="a Prometheus rule file"
    )
    _add_config(export_)
    export_.set_defaults(run=export)
    test_ = actions.add_parser(
        "test",
        help="run the unit tests of rules",
        description="Run the unit tests of rules in FILE, each on a scripted timeline.",
        epilog="example: queue-monitor rules test rules.test.yaml",
    )
    test_.add_argument("file", metavar="FILE", nargs="+", help="tests, as in docs/rules.md")
    test_.set_defaults(run=test)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", metavar="FILE", help="settings; left out: the built-in rules alone"
    )


def list_rules(args: argparse.Namespace) -> int:
    """Print each rule, and how many of its alerts fire and wait where `--url` is given."""
    rules = _rules(args)
    if rules is None:
        return 2
    states = None
    if args.url:
        try:
            states = _states(daemon_of(args))
        except (QuestionError, AskError) as error:
            print(f"queue-monitor rules: {error}", file=sys.stderr)
            return 2 if isinstance(error, QuestionError) else 1
    rows = [("RULE", "SEVERITY", "ON", "FOR", "STATE")]
    rows += [
        (rule.alert, rule.severity, rule.on, format_duration(rule.for_), _state(rule, states))
        for rule in rules
    ]
    if states is not None:
        rows += _unlisted(states, rules)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    return 0


def _states(daemon: Daemon) -> Counter[tuple[str, str, str]]:
    """Return how many alerts the daemon has, by name, severity and state. Raises AskError."""
    answer = ask_snapshot(daemon, _ANSWER_SECONDS)
    try:
        alerts = json.decode(answer.body, type=_Answer).alerts
    except (DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise not_ours(daemon, answer) from error
    return Counter((each.labels.alertname, each.labels.severity, each.state) for each in alerts)


def _unlisted(
    states: Counter[tuple[str, str, str]], rules: Sequence[RuleSettings]
) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield a row for each rule that only the daemon knows, as far as it has alerts."""
    listed = {(rule.alert, rule.severity) for rule in rules}
    for alert, severity in sorted({name[:2] for name in states} - listed):
        there = _counted(alert, severity, states)
        if there:
            yield printable(alert), printable(severity), "only there", "", there


def _state(rule: RuleSettings, states: Counter[tuple[str, str, str]] | None) -> str:
    if states is None:
        return "not asked"
    return _counted(rule.alert, rule.severity, states) or "quiet"


def _counted(alert: str, severity: str, states: Counter[tuple[str, str, str]]) -> str:
    counts = {state: states[alert, severity, state] for state in ("firing", "pending")}
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count)


def export(args: argparse.Namespace) -> int:
    """Print the rules as a Prometheus rule file; say which cannot be put so, and why."""
    rules = _rules(args)
    if rules is None:
        return 2
    exported, refused = [], 0
    for rule in rules:
        try:
            exported.append(prometheus_rule(rule))
        except NotExpressibleError as error:
            refused += 1
            print(f"queue-monitor: {rule.alert} is left out: {error}", file=sys.stderr)
    groups = {"groups": [{"name": "queue-monitor", "rules": exported}]}
    print(
        yaml.dump(groups, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000), end=""
    )
    return 1 if refused else 0


def test(args: argparse.Namespace) -> int:
    """Run the tests of each file; print what does not hold, and how many were run."""
    return max(_test_file(name) for name in args.file)


def _test_file(name: str) -> int:
    try:
        tested = TestedRules(name, os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    failed = 0
    for number, each in enumerate(tested.file.tests):
        found = failures(each, tested.rules, tested.file.interval)
        failed += bool(found)
        for failure in found:
            place = tested.place(("tests", number, "expect", failure.index))
            alert = each.expect[failure.index].alert
            print(f"{place}: {each.name}: {alert} {failure.message}")
    count = len(tested.file.tests)
    print(f"{name}: {count - failed} of {count} tests passed")
    return 1 if failed else 0


def _rules(args: argparse.Namespace) -> tuple[RuleSettings, ...] | None:
    flags: Any = {} if args.config else {"broker": [ANY_BROKER]}
    try:
        settings = load(args.config, os.environ, flags)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return None
    # Without it nobody knows where the monitor is.
    url = settings.web.external_url
    return rules_in_force(settings.alerts, f"{url.rstrip('/')}/runbooks/" if url else "")


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as such."""

    def represent_str(self, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)

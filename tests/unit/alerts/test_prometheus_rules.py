import pytest

from monitor.alerts.builtin import BUILTIN
from monitor.alerts.prometheus_rules import prometheus_rule
from monitor.alerts.promql import NotExpressibleError
from monitor.alerts.settings import RuleSettings

OWN = RuleSettings(
    alert="Backlog",
    on="queue",
    when="length > 100",
    until="length < 20",
    for_=150.0,
    keep_firing_for=0.5,
    severity="critical",
    summary="{queue_name} {{sic}}: {length} waiting for {oldest_age}, {verdict}",
    cause="a burst",
    runbook="https://wiki/backlog",
)


def test_a_rule_keeps_its_name_its_times_and_its_labels():
    rule = prometheus_rule(OWN)
    assert rule["alert"] == "Backlog"
    assert rule["for"] == "150s"
    assert rule["keep_firing_for"] == "500ms"
    assert rule["labels"] == {"severity": "critical"}


def test_its_own_alert_says_what_holds_while_firing():
    firing = (
        'max by (broker, queue_name) (ALERTS{alertname="Backlog",severity="critical",'
        'alertstate="firing"})'
    )
    length = "max by (job, broker, queue_name) (celery_queue_length)"
    blind = "(max by (job, broker) (celery_broker_up) == 0)"
    assert prometheus_rule(OWN)["expr"].splitlines() == [
        "max by (broker, queue_name) (",
        f"  {length} > 100",
        f"  or ({firing} and on (broker, queue_name) {length} >= 20)",
        f"  or (({firing} and on (broker) {blind}) unless on (broker, queue_name) {length} < 20)",
        ")",
    ]


def test_its_words_ask_prometheus_for_what_they_name():
    assert prometheus_rule(OWN)["annotations"] == {
        "summary": "{{ $labels.queue_name }} {sic}: "
        "{{ with printf `max by (broker, queue_name) "
        "(celery_queue_length{broker=%q,queue_name=%q})` $labels.broker $labels.queue_name "
        "| query }}{{ . | first | value | humanize }}{{ else }}unknown{{ end }} waiting for "
        "{{ with printf `max by (broker, queue_name) "
        "(celery_queue_oldest_message_age_seconds{broker=%q,queue_name=%q})` $labels.broker "
        "$labels.queue_name | query }}{{ . | first | value | humanizeDuration }}"
        "{{ else }}unknown{{ end }}, "
        "{{ with printf `max by (broker, queue_name, verdict) "
        "(celery_queue_verdict{broker=%q,queue_name=%q}) == 1` $labels.broker "
        '$labels.queue_name | query }}{{ . | first | label "verdict" }}'
        "{{ else }}unknown{{ end }}",
        "cause": "a burst",
        "runbook_url": "https://wiki/backlog",
    }


@pytest.mark.parametrize(
    ("settings", "annotation", "text"),
    [
        # Two of them would begin an action.
        ({"summary": "{{{queue_name}}}"}, "summary", '{{ "{" }}{{ $labels.queue_name }}}'),
        ({"summary": "{{{{ {{{{{{ }}}}"}, "summary",
         '{{ "{" }}{ {{ "{" }}{{ "{" }}{ }}'),
        ({"alert": "A{b}{{"}, "summary", 'A{b}{{ "{" }}{'),
        ({"runbook": "https://wiki/{{x}}"}, "runbook_url", 'https://wiki/{{ "{" }}{x}}'),
    ],
)  # fmt: skip
def test_braces_that_are_meant_stay_braces(settings, annotation, text):
    rule = RuleSettings(**{"alert": "X", "on": "queue", "when": "length > 1", **settings})
    assert prometheus_rule(rule)["annotations"][annotation] == text


@pytest.mark.parametrize("settings", BUILTIN, ids=lambda settings: settings.alert)
def test_every_built_in_rule_can_be_exported(settings):
    assert prometheus_rule(settings)["expr"]


REASONS = [
    ({"when": "true"}, "`when` holds or not whatever the facts say"),
    ({"when": "length > 0 or 1 < 2"}, "`when` holds or not whatever the facts say"),
    ({"when": "length / 0 > 1"}, "`when` holds or not whatever the facts say"),
    ({"until": "1 > 2"}, "`until` holds or not whatever the facts say"),
    ({"where": {"queue_name": "h[0-9]"}}, "the glob 'h[0-9]' has a set in brackets"),
]
"""All that a rule can be refused for."""


@pytest.mark.parametrize(("settings", "reason"), REASONS)
def test_a_rule_is_refused_for_a_reason(settings, reason):
    rule = RuleSettings(**{"alert": "X", "on": "queue", "when": "length > 1", **settings})
    with pytest.raises(NotExpressibleError) as caught:
        prometheus_rule(rule)
    assert str(caught.value).startswith(reason)

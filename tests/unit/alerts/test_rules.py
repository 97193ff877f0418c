import pytest

from monitor.alerts.rules import RuleError, rules_of
from monitor.alerts.settings import AlertSettings, RuleSettings
from tests.unit.alerts.worlds import queue, rule


@pytest.mark.parametrize(
    ("where", "covered"),
    [
        ({}, True),
        ({"queue_name": "high*"}, True),
        ({"queue_name": "HIGH*"}, False),
        ({"queue_name": "low"}, False),
        ({"broker": "default", "queue_name": "h?gh[0-9]"}, True),
        ({"broker": "other", "queue_name": "*"}, False),
    ],
)
def test_where_is_globs_on_identity_labels(where, covered):
    assert rule(where=where).covers(("default", "high1")) is covered


@pytest.mark.parametrize(
    ("settings", "field", "message", "offset"),
    [
        (
            {"when": "lenght > 1"},
            "when",
            "unknown fact 'lenght' of queue (did you mean 'length'?)",
            0,
        ),
        ({"until": "length < 5m"}, "until", "a number cannot be compared with a duration", 9),
        (
            {"where": {"queue": "*"}},
            "where",
            "'queue' does not identify a queue (did you mean 'queue_name'?)",
            0,
        ),
        ({"summary": "x {y}"}, "summary", "{y} is not known of queue", 3),
    ],
)
def test_a_mistake_names_its_field(settings, field, message, offset):
    with pytest.raises(RuleError) as caught:
        rule(**settings)
    error = caught.value
    assert (error.field, error.message, error.offset) == (field, message, offset)


def test_labels_are_sorted_and_lead_back_to_the_object():
    compiled = rule(severity="critical")
    labels = compiled.labels(("default", "high"))
    assert labels == (
        ("alertname", "TooMany"),
        ("broker", "default"),
        ("queue_name", "high"),
        ("severity", "critical"),
    )
    assert compiled.key_of(labels) == ("default", "high")


@pytest.mark.parametrize(
    "changed",
    [{"severity": "info"}, {"on": "broker", "when": "up"}, {"where": {"queue_name": "x"}}],
)
def test_labels_of_a_rule_that_was_changed_are_not_its_own(changed):
    labels = rule().labels(("default", "high"))
    assert rule(**changed).key_of(labels) is None


def test_until_ends_what_when_began():
    compiled = rule(until="length < 20")
    assert [compiled.still_holds(queue(length=length)) for length in (500, 50, 5, None)] == [
        True,
        True,
        False,
        None,
    ]


def test_while_when_holds_until_ends_nothing():
    contradictory = rule(until="oldest_age < 5s")
    assert contradictory.still_holds(queue(length=500, oldest_age_seconds=1.0)) is True


def test_a_user_rule_replaces_the_built_in_one_of_its_name():
    own = RuleSettings(alert="QueueTooLong", on="queue", when="length > 7")
    rules = {rule.alert: rule for rule in rules_of(AlertSettings(rules=(own,)))}
    assert rules["QueueTooLong"].when.text == "length > 7"
    assert set(rules) > {"QueueTooLong", "BrokerDown"}


def test_the_built_in_rules_can_be_switched_off():
    assert rules_of(AlertSettings(builtin=False)) == ()

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.alert import Alert, fingerprint_of
from monitor.alerts.inhibition import (
    BUILTIN,
    MAX_SOURCES,
    InhibitRuleSettings,
    compile_inhibit_rule,
    inhibited_by,
)
from monitor.alerts.matchers import match_all

RULES = [compile_inhibit_rule(rule) for rule in BUILTIN]


def firing(name, **labels):
    sorted_labels = tuple(sorted({"alertname": name, "severity": "warning", **labels}.items()))
    return Alert(
        labels=sorted_labels,
        fingerprint=fingerprint_of(sorted_labels),
        state="firing",
        active_at=1.0,
        started_at=1.0,
    )


DOWN = firing("BrokerDown", broker="one")
ABANDONED = firing("QueueAbandoned", broker="one", queue_name="high")


@pytest.mark.parametrize(
    ("source", "target", "muted"),
    [
        (DOWN, firing("WorkerDead", broker="one", hostname="a"), True),
        (DOWN, ABANDONED, True),
        (DOWN, firing("WorkerDead", broker="two", hostname="a"), False),
        (DOWN, firing("BrokerDown", broker="one", more="x"), False),
        # What is about no broker depends on none.
        (DOWN, firing("Watchdog"), False),
        (ABANDONED, firing("QueueTooOld", broker="one", queue_name="high"), True),
        (ABANDONED, firing("QueueStalled", broker="one", queue_name="high"), True),
        (ABANDONED, firing("QueueBacklogGrowing", broker="one", queue_name="high"), True),
        (ABANDONED, firing("QueueTooLong", broker="one", queue_name="high"), False),
        (ABANDONED, firing("QueueTooOld", broker="one", queue_name="low"), False),
        (ABANDONED, firing("QueueTooOld", broker="two", queue_name="high"), False),
    ],
)
def test_what_holds_without_configuration(source, target, muted):
    expected = {target.fingerprint: (source.fingerprint,)} if muted else {}
    assert inhibited_by([source, target], RULES) == expected


def rule(source, target, *equal):
    return compile_inhibit_rule(
        InhibitRuleSettings(source_matchers=(source,), target_matchers=(target,), equal=equal)
    )


def test_an_alert_does_not_mute_itself_and_no_two_mute_each_other():
    both = rule('alertname=~"A|B"', 'alertname=~"A|B"')
    assert inhibited_by([firing("A"), firing("B")], [both]) == {}


def test_a_label_that_both_lack_is_equal():
    lacking = rule('alertname="A"', 'alertname="B"', "queue_name")
    target = firing("B")
    assert list(inhibited_by([firing("A"), target], [lacking])) == [target.fingerprint]
    assert inhibited_by([firing("A", queue_name="high"), target], [lacking]) == {}


def test_of_many_that_mute_one_a_few_are_named():
    sources = [firing("A", hostname=str(n)) for n in range(MAX_SOURCES + 5)]
    target = firing("B")
    found = inhibited_by([*sources, target], [rule('alertname="A"', 'alertname="B"')])
    assert len(found[target.fingerprint]) == MAX_SOURCES


NAMES = st.sampled_from(["A", "B", "C"])
ALERTS = st.lists(
    st.builds(lambda name, queue: firing(name, queue_name=queue), NAMES, st.sampled_from("xy")),
    unique_by=lambda alert: alert.fingerprint,
    max_size=6,
)
SOME = st.sets(NAMES, min_size=1).map(lambda names: f'alertname=~"{"|".join(sorted(names))}"')
A_RULE = st.builds(
    lambda source, target, equal: rule(source, target, *equal),
    SOME,
    SOME,
    st.sampled_from([(), ("queue_name",)]),
)


@given(ALERTS, st.lists(A_RULE, max_size=3))
def test_it_is_what_asking_every_pair_gives(alerts, rules):
    def mutes(rule, source, target):
        a, b = dict(source.labels), dict(target.labels)
        source_is_both = match_all(rule.source, a) and match_all(rule.target, a)
        target_is_source = match_all(rule.source, b)
        return (
            match_all(rule.source, a)
            and match_all(rule.target, b)
            and all(a.get(name) == b.get(name) for name in rule.equal)
            and not (source_is_both and target_is_source)
        )

    expected = {
        target.fingerprint: {
            source.fingerprint for source in alerts for rule in rules if mutes(rule, source, target)
        }
        for target in alerts
    }
    found = {target: set(sources) for target, sources in inhibited_by(alerts, rules).items()}
    assert found == {target: sources for target, sources in expected.items() if sources}

import pytest
from msgspec.structs import replace

from monitor.alerts.engine import Engine
from tests.unit.alerts.worlds import BROKER, queue, rule, snapshot, worker

LONG, SHORT, UNKNOWN = queue(length=500), queue(length=5), queue()
DEAD = worker(state="dead", reason="silent for 14s")
WORKER_DEAD = rule("WorkerDead", 'state == "dead"', on="worker", summary="{hostname}: {reason}")


def states(alerts):
    return [(alert.alertname, alert.state) for alert in alerts]


def test_an_alert_names_its_rule_its_object_and_the_facts_behind_it():
    told = {"summary": "{length} waiting", "cause": "a burst", "command": "check {queue_name}"}
    engine = Engine([rule(severity="critical", runbook="https://r", **told)])
    (alert,) = engine.evaluate(snapshot(queues=[LONG, queue("low", length=1)]), 7.0)
    assert dict(alert.labels) == {
        "alertname": "TooMany",
        "broker": "default",
        "queue_name": "high",
        "severity": "critical",
    }
    assert (alert.state, alert.started_at, alert.runbook) == ("firing", 7.0, "https://r")
    assert (alert.summary, alert.facts) == ("500 waiting", (("length", "500"),))
    assert (alert.cause, alert.command) == ("a burst", "check high")


def test_only_transitions_are_returned():
    engine = Engine([rule(for_=1.0)])
    timeline = [LONG, LONG, LONG, UNKNOWN, SHORT, SHORT]
    seen = [
        states(engine.evaluate(snapshot(queues=[obj]), float(now)))
        for now, obj in enumerate(timeline)
    ]
    assert seen == [
        [("TooMany", "pending")],
        [("TooMany", "firing")],
        [],
        [],
        [("TooMany", "resolved")],
        [],
    ]


def test_a_firing_alert_speaks_of_the_present_and_a_resolved_one_of_the_last_bad_moment():
    engine = Engine([rule(summary="{length} waiting")])
    engine.evaluate(snapshot(queues=[LONG]), 0.0)
    engine.evaluate(snapshot(queues=[queue(length=700)]), 1.0)
    assert engine.alerts[0].summary == "700 waiting"
    engine.evaluate(snapshot(queues=[SHORT]), 2.0)
    assert engine.alerts[0].summary == "700 waiting"


def test_an_alert_without_news_is_the_same_object():
    engine = Engine([rule()])
    engine.evaluate(snapshot(queues=[LONG]), 0.0)
    (before,) = engine.alerts
    engine.evaluate(snapshot(queues=[LONG]), 1.0)
    assert engine.alerts[0] is before


def test_resolved_alerts_stay_until_nobody_is_owed_them():
    engine = Engine([rule()])
    engine.evaluate(snapshot(queues=[LONG]), 0.0)
    (resolved,) = engine.evaluate(snapshot(queues=[SHORT]), 1.0)
    engine.evaluate(snapshot(queues=[LONG]), 2.0)
    assert states(engine.alerts) == [("TooMany", "firing"), ("TooMany", "resolved")]
    engine.forget_resolved({resolved.incarnation})
    assert resolved in engine.alerts
    engine.forget_resolved(set())
    assert states(engine.alerts) == [("TooMany", "firing")]


NOT_POLLED = replace(BROKER, up=None)
DOWN = replace(BROKER, up=False)
NO_EVENTS = replace(BROKER, events_connected=False)
UNSETTLED = replace(BROKER, settled=False)
GONE = {
    ("queue", ("default", "high")): "not seen for 7d",
    ("worker", ("default", "high@web1")): "forgotten after 1h",
}


@pytest.mark.parametrize(
    ("scope", "brokers", "gone", "reason"),
    [
        ("queue", [BROKER], GONE, "not seen for 7d"),
        ("queue", [BROKER], {}, "no longer there"),
        ("queue", [UNSETTLED], {}, "no longer there"),
        ("queue", [], {}, "its broker is no longer in the settings"),
        ("worker", [BROKER], GONE, "forgotten after 1h"),
        ("worker", [NO_EVENTS], GONE, "forgotten after 1h"),
        ("worker", [BROKER], {}, "no longer there"),
        # It may be there and merely not be known yet.
        ("queue", [NOT_POLLED], {}, None),
        ("queue", [DOWN], {}, None),
        ("worker", [DOWN], {}, None),
        ("worker", [NO_EVENTS], {}, None),
        ("worker", [UNSETTLED], {}, None),
    ],
)
def test_an_object_that_is_not_listed_resolves_its_alert_only_where_that_means_something(
    scope, brokers, gone, reason
):
    before = Engine([rule(), WORKER_DEAD])
    before.evaluate(snapshot(queues=[LONG], workers=[DEAD]), 0.0)
    saved = [
        alert
        for alert in before.alerts
        if (scope == "queue") == (alert.severity == "warning" and alert.alertname == "TooMany")
    ]
    engine = Engine([rule(), WORKER_DEAD], saved)
    changed = engine.evaluate(snapshot(brokers=brokers, gone=gone), 9.0)
    if reason is None:
        assert (changed, engine.alerts) == ((), tuple(saved))
    else:
        assert [(alert.resolved_at, alert.resolved_reason) for alert in changed] == [(9.0, reason)]


def test_a_restart_goes_on_with_the_same_incarnation():
    before = Engine([rule()])
    (alert,) = before.evaluate(snapshot(queues=[LONG]), 0.0)
    engine = Engine([rule()], before.alerts)
    assert engine.evaluate(snapshot(queues=[LONG]), 50.0) == ()
    (resolved,) = engine.evaluate(snapshot(queues=[SHORT]), 60.0)
    assert resolved.incarnation == alert.incarnation


def test_a_pending_alert_starts_anew_after_a_restart():
    before = Engine([rule(for_=10.0)])
    before.evaluate(snapshot(queues=[LONG]), 0.0)
    engine = Engine([rule(for_=10.0)], before.alerts)
    (alert,) = engine.evaluate(snapshot(queues=[LONG]), 11.0)
    assert (alert.state, alert.active_at) == ("pending", 11.0)


@pytest.mark.parametrize(
    "rules", [[], [rule("Another")], [rule(severity="info")], [rule(where={"queue_name": "low"})]]
)
def test_an_alert_whose_rule_was_removed_or_changed_resolves_and_says_so(rules):
    before = Engine([rule()])
    before.evaluate(snapshot(queues=[LONG]), 0.0)
    engine = Engine(rules, before.alerts)
    ended = [
        (alert.alertname, alert.severity, alert.resolved_reason)
        for alert in engine.evaluate(snapshot(queues=[LONG]), 1.0)
        if alert.state == "resolved"
    ]
    assert ended == [("TooMany", "warning", "its rule was removed or changed in the settings")]


def test_where_leaves_objects_out():
    engine = Engine([rule(where={"queue_name": "low*"})])
    changed = engine.evaluate(snapshot(queues=[LONG, queue("low1", length=500)]), 0.0)
    assert [dict(alert.labels)["queue_name"] for alert in changed] == ["low1"]


def test_hostile_names_give_bounded_labels_that_are_found_again():
    hostile = queue("x" * 10_000 + "\udcff\n", length=500)
    engine = Engine([rule()])
    (alert,) = engine.evaluate(snapshot(queues=[hostile]), 0.0)
    assert len(dict(alert.labels)["queue_name"].encode()) <= 256
    assert Engine([rule()], engine.alerts).evaluate(snapshot(queues=[hostile]), 1.0) == ()


def test_two_daemons_give_the_same_labels_and_fingerprints():
    one, other = Engine([rule()]), Engine([rule()])
    (first,) = one.evaluate(snapshot(queues=[LONG]), 0.0)
    (second,) = other.evaluate(snapshot(queues=[LONG]), 3.0)
    assert (first.labels, first.fingerprint) == (second.labels, second.fingerprint)
    assert first.fingerprint == "44694cfe46170de7"


def test_two_rules_of_one_name_are_alerts_of_their_own():
    rules = [rule(severity="warning"), rule(when="length > 400", severity="critical")]
    engine = Engine(rules)
    engine.evaluate(snapshot(queues=[LONG]), 0.0)
    assert [alert.severity for alert in engine.alerts] == ["warning", "critical"]
    again = Engine(rules, engine.alerts)
    (over,) = again.evaluate(snapshot(queues=[queue(length=300)]), 1.0)
    assert (over.severity, over.state) == ("critical", "resolved")
    assert [alert.severity for alert in again.alerts if alert.state == "firing"] == ["warning"]


def test_a_queue_that_was_emptied_by_a_reset_does_not_end_its_alert_as_if_worked_off():
    engine = Engine([rule()])
    engine.evaluate(snapshot(queues=[LONG, queue("low", length=500)]), 0.0)
    fell = {("queue", ("default", "high")): "the broker was restarted: 500 messages before"}
    over = engine.evaluate(snapshot(queues=[SHORT, queue("low", length=5)], fell=fell), 1.0)
    reasons = {dict(alert.labels)["queue_name"]: alert.resolved_reason for alert in over}
    assert reasons == {"high": "the broker was restarted: 500 messages before", "low": ""}


def test_an_alert_knows_what_was_true_before_it_began():
    engine = Engine([rule(for_=10.0)])
    engine.evaluate(snapshot(queues=[queue(length=96)]), 100.0)
    (begun,) = engine.evaluate(snapshot(queues=[queue(length=523)]), 105.0)
    engine.evaluate(snapshot(queues=[queue(length=600)]), 110.0)
    (firing,) = engine.evaluate(snapshot(queues=[queue(length=700)]), 115.0)
    assert begun.before == firing.before == (("length", "96"),)
    assert firing.facts == (("length", "700"),)


def test_of_an_object_that_was_not_there_nothing_is_known_before():
    engine = Engine([rule()])
    (begun,) = engine.evaluate(snapshot(queues=[queue(length=523)]), 100.0)
    assert begun.before == ()


def test_where_the_rules_alone_are_new_a_pending_alert_goes_on_waiting():
    old = Engine([rule(for_=10.0), rule("Gone", "length > 1", for_=10.0)])
    old.evaluate(snapshot(queues=[LONG]), 0.0)
    assert states(old.alerts) == [("TooMany", "pending"), ("Gone", "pending")]
    new = Engine([rule(for_=10.0)], old.alerts, without_pause=True)
    assert states(new.evaluate(snapshot(queues=[LONG]), 10.0)) == [("TooMany", "firing")]
    restarted = Engine([rule(for_=10.0)], old.alerts)
    assert states(restarted.evaluate(snapshot(queues=[LONG]), 10.0)) == [("TooMany", "pending")]

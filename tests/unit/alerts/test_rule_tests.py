import pytest

from monitor.alerts.rule_tests import Expectation, RuleTest, ScriptedObject, failures
from tests.unit.alerts.worlds import rule

RULES = (
    rule(for_=60.0),
    rule("Down", "not up", on="broker"),
    rule("Dead", 'state == "dead"', on="worker"),
    rule("Silent", "silence > 1m", on="log"),
)
HIGH = {"broker": "default", "queue_name": "high", "severity": "warning"}


def queue(length: str) -> ScriptedObject:
    return ScriptedObject(on="queue", labels={"queue_name": "high"}, facts={"length": length})


def worker(state: str) -> ScriptedObject:
    return ScriptedObject(on="worker", labels={"hostname": "a@x"}, facts={"state": state})


def log(silence: str) -> ScriptedObject:
    return ScriptedObject(on="log", labels={"log": "app"}, facts={"silence": silence})


def broker(**facts: str) -> ScriptedObject:
    return ScriptedObject(on="broker", facts=facts)


def told(objects: list[ScriptedObject], *expect: Expectation) -> list[str]:
    test = RuleTest(name="", objects=tuple(objects), expect=expect)
    return [failure.message for failure in failures(test, RULES, 30.0)]


@pytest.mark.parametrize(
    ("objects", "at", "alert", "pending", "firing"),
    [
        ([queue("101x9")], 30.0, "TooMany", 1, 0),
        ([queue("101x9")], 60.0, "TooMany", 0, 1),
        # The latest step counts, as in promtool.
        ([queue("101x9")], 89.0, "TooMany", 0, 1),
        ([queue("101x2 5")], 90.0, "TooMany", 0, 0),
        ([queue("101x2 stale")], 90.0, "TooMany", 0, 0),
        # What is not known ends nothing, and begins nothing.
        ([queue("101x2 _")], 90.0, "TooMany", 0, 1),
        ([queue("101x2")], 900.0, "TooMany", 0, 1),
        ([queue("101 _ 101x1")], 90.0, "TooMany", 1, 0),
        # What is read from a broker that is down is not known, whatever the script says.
        ([broker(up="1x2 0x9"), queue("101x2 0x9")], 150.0, "TooMany", 0, 1),
        ([broker(up="0x9")], 0.0, "Down", 0, 1),
        ([queue("5")], 0.0, "Down", 0, 0),
        ([worker("dead online")], 30.0, "Dead", 0, 0),
        ([broker(events_connected="1 0"), worker("dead online")], 30.0, "Dead", 0, 1),
        # A log is read from files, whatever the broker does.
        ([broker(up="0x9"), log("2m 1s")], 0.0, "Silent", 0, 1),
        ([broker(up="0x9"), log("2m 1s")], 30.0, "Silent", 0, 0),
        # A broker that is taken out of the settings takes its alerts along.
        ([broker(up="1x2 stale"), queue("101x9")], 90.0, "TooMany", 0, 0),
    ],
)
def test_a_timeline_goes_through_the_engine(objects, at, alert, pending, firing):
    expected = {"pending": ({},) * pending, "firing": ({},) * firing}
    assert told(objects, Expectation(at=at, alert=alert, **expected)) == []


def test_what_does_not_hold_is_told_with_what_is_there():
    low = ScriptedObject(on="queue", labels={"queue_name": "low"}, facts={"length": "200x3"})
    expected = Expectation(at=60.0, alert="TooMany", firing=({"queue_name": "high"},))
    assert told([queue("1"), low], expected) == [
        "at 1m: expected firing: {queue_name: high}; "
        "found: {broker: default, queue_name: low, severity: warning}"
    ]


def test_labels_that_are_not_named_do_not_matter_and_each_alert_counts_once():
    low = ScriptedObject(on="queue", labels={"queue_name": "low"}, facts={"length": "200x3"})
    objects = [queue("101x3"), low]
    assert told(objects, Expectation(at=60.0, alert="TooMany", firing=({}, HIGH))) == []
    assert len(told(objects, Expectation(at=60.0, alert="TooMany", firing=(HIGH, HIGH)))) == 1
    assert len(told(objects, Expectation(at=60.0, alert="TooMany", firing=({},)))) == 1


def test_what_is_not_expected_of_is_not_compared():
    assert told([queue("101x3")], Expectation(at=60.0, alert="TooMany", pending=())) == []

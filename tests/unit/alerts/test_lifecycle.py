import pytest

from monitor.alerts.lifecycle import begin, step
from tests.unit.alerts.worlds import rule

KEY = ("default", "high")
YES, NO, BLIND = True, False, None


def lives(compiled, timeline):
    """Return the states of an alert, one a second, beginning when the condition first holds."""
    alert, states = None, []
    for now, holds in enumerate(timeline):
        if alert is None or alert.state == "resolved":
            alert = begin(compiled, KEY, float(now)) if holds else None
        else:
            alert = step(alert, compiled, holds, float(now))
        states.append(alert.state if alert else "inactive")
    return " ".join(states)


@pytest.mark.parametrize(
    ("settings", "timeline", "states"),
    [
        ({}, [YES, YES, NO], "firing firing resolved"),
        ({}, [BLIND, BLIND], "inactive inactive"),
        ({}, [YES, BLIND, NO], "firing firing resolved"),
        ({"for_": 2.0}, [YES, YES, YES], "pending pending firing"),
        ({"for_": 2.0}, [YES, YES, NO], "pending pending inactive"),
        # A blind spell starts `for` anew.
        (
            {"for_": 2.0},
            [YES, YES, BLIND, YES, YES, YES],
            "pending pending inactive pending pending firing",
        ),
        ({"for_": 1.0}, [YES, YES, BLIND, BLIND, YES], "pending firing firing firing firing"),
        (
            {"keep_firing_for": 2.0},
            [YES, NO, NO, NO, NO],
            "firing firing firing resolved inactive",
        ),
        (
            {"keep_firing_for": 2.0},
            [YES, NO, YES, NO, NO, NO],
            "firing firing firing firing firing resolved",
        ),
        # In a blind spell the condition may have held.
        (
            {"keep_firing_for": 2.0},
            [YES, NO, BLIND, NO, NO, NO],
            "firing firing firing firing firing resolved",
        ),
        ({}, [YES, NO, YES], "firing resolved firing"),
    ],
)
def test_an_alert_goes_through_its_states(settings, timeline, states):
    assert lives(rule(**settings), timeline) == states


def test_it_starts_when_it_fires_and_not_when_it_became_pending():
    compiled = rule(for_=2.0)
    pending = begin(compiled, KEY, 10.0)
    firing = step(pending, compiled, True, 12.0)
    assert (pending.active_at, pending.started_at) == (10.0, None)
    assert (firing.active_at, firing.started_at) == (10.0, 12.0)


def test_firing_anew_is_another_incarnation_of_the_same_alert():
    first, second = begin(rule(), KEY, 1.0), begin(rule(), KEY, 2.0)
    assert first.fingerprint == second.fingerprint
    assert first.incarnation != second.incarnation


def test_an_alert_without_news_is_the_same_object():
    alert = begin(rule(), KEY, 1.0)
    assert step(alert, rule(), True, 2.0) is alert

import pytest
from msgspec.structs import replace

from monitor.alerts.matchers import MatcherError
from monitor.alerts.routing import make_route
from monitor.channels.settings import LogChannelSettings
from tests.unit.alerts.worlds import alert


def route(**settings):
    return make_route(LogChannelSettings(type="log", **settings))


@pytest.mark.parametrize(
    ("settings", "taken"),
    [
        ({}, {"critical", "warning"}),
        ({"severity": ("critical",)}, {"critical"}),
        ({"severity": ("info", "none")}, {"info", "none"}),
        ({"matchers": ("queue_name=high",)}, {"critical", "warning"}),
        ({"matchers": ("queue_name=low",)}, set()),
        ({"matchers": ("queue_name=~.*", 'alertname="Other"')}, set()),
        ({"matchers": ('{queue_name!="low", severity="critical"}',)}, {"critical"}),
    ],
)
def test_what_a_channel_takes(settings, taken):
    severities = ("critical", "warning", "info", "none")
    found = {each for each in severities if route(**settings).takes(alert(severity=each))}
    assert found == taken


def test_a_route_is_named_as_its_channel_and_knows_whether_it_wants_the_end():
    made = route(name="quiet", send_resolved=False)
    assert (made.name, made.send_resolved) == ("quiet", False)


def test_a_channel_is_told_of_others_that_fail_and_not_of_itself():
    labels = (("alertname", "X"), ("channel", "slack"), ("severity", "critical"))
    failing = replace(alert(), labels=labels)
    assert route(name="pager").takes(failing)
    assert not route(name="slack").takes(failing)


def test_a_matcher_that_cannot_be_read_is_refused():
    with pytest.raises(MatcherError):
        route(matchers=("WorkerDead",))

from monitor.alerts.grouping import groups_of
from tests.unit.alerts.worlds import alert

BY = ("alertname", "broker")


def test_alerts_with_equal_labels_are_one_group_in_the_order_they_began():
    late, early = alert(queue_name="a", started_at=5.0), alert(queue_name="b", started_at=1.0)
    over = alert(queue_name="c", started_at=2.0, resolved_at=3.0)
    groups = groups_of([late, alert("Other"), over, early], BY)
    group = groups['{}:{alertname="TooMany", broker="default"}']
    assert (group.firing, group.resolved) == ([early, late], [over])
    assert group.labels == (("alertname", "TooMany"), ("broker", "default"))
    assert len(groups) == 2


def test_pending_alerts_are_in_no_group():
    assert groups_of([alert(started_at=None)], BY) == {}


def test_a_muted_alert_that_fires_is_kept_apart():
    quiet, over = alert(queue_name="a"), alert(queue_name="a", started_at=-9.0, resolved_at=-5.0)
    (group,) = groups_of([quiet, alert(), over], BY, {quiet.fingerprint}).values()
    assert (group.firing, group.muted, group.resolved) == ([alert()], [quiet], [over])


def test_three_dots_make_every_alert_a_group_of_its_own():
    (key, other) = groups_of([alert(queue_name="a"), alert(queue_name="b")], ("...",))
    assert key == ('{}:{alertname="TooMany", broker="default", queue_name="a", severity="warning"}')
    assert other != key


def test_without_labels_to_group_by_all_alerts_are_one_group():
    assert list(groups_of([alert(), alert("Other")], ())) == ["{}:{}"]


def test_the_key_quotes_names():
    (key,) = groups_of([alert(queue_name='a"b\n')], ("queue_name",))
    assert key == r'{}:{queue_name="a\"b\n"}'

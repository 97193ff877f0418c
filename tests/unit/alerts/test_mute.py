from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.mute import MuteError, MuteSettings, TimeRangeSettings, compile_mute, muted_by


def mute(**settings):
    times = tuple(TimeRangeSettings(start_time=a, end_time=b) for a, b in settings.pop("times", ()))
    return compile_mute(MuteSettings(name="m", times=times, **settings))


def at(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("settings", "inside", "outside"),
    [
        ({}, ["2027-03-01T00:00"], []),
        (
            {"times": [("18:00", "24:00"), ("00:00", "08:00")]},
            ["2027-03-01T18:00", "2027-03-01T23:59:59", "2027-03-02T00:00", "2027-03-02T07:59"],
            ["2027-03-01T17:59:59", "2027-03-01T08:00"],
        ),
        (
            {"weekdays": ("saturday", "Sunday")},
            ["2027-03-06T00:00", "2027-03-07T23:59"],
            ["2027-03-05T23:59", "2027-03-08T00:00"],
        ),
        (
            {"weekdays": ("monday:wednesday",)},
            ["2027-03-01T12:00", "2027-03-03T12:00"],
            ["2027-03-04T12:00", "2027-02-28T12:00"],
        ),
        (
            {"days_of_month": ("1:2", "-1")},
            ["2027-02-01T12:00", "2027-02-02T12:00", "2027-02-28T12:00", "2028-02-29T12:00"],
            ["2027-02-27T12:00", "2028-02-28T12:00", "2027-03-30T12:00"],
        ),
        (
            {"days_of_month": ("30:31",)},
            ["2027-04-30T12:00"],
            ["2027-02-28T12:00", "2027-04-29T12:00"],
        ),
        (
            {"months": ("may:june", "12")},
            ["2027-05-01T00:00", "2027-06-30T00:00", "2027-12-01T00:00"],
            ["2027-04-30T00:00", "2027-07-01T00:00"],
        ),
        ({"years": ("2027:2028",)}, ["2028-01-01T00:00"], ["2026-12-31T00:00", "2029-01-01T00:00"]),
        (
            {"weekdays": ("monday",), "times": [("09:00", "10:00")]},
            ["2027-03-01T09:30"],
            ["2027-03-02T09:30", "2027-03-01T10:30"],
        ),
    ],
)
def test_when_a_mute_time_holds(settings, inside, outside):
    compiled = mute(**settings)
    assert [text for text in inside if not compiled.holds(at(text))] == []
    assert [text for text in outside if compiled.holds(at(text))] == []


def test_times_are_meant_in_their_zone_also_when_clocks_change():
    compiled = mute(times=[("02:30", "03:30")], location="Europe/Berlin")
    assert compiled.holds(at("2027-01-05T02:45", "Europe/Berlin"))
    assert not compiled.holds(at("2027-01-05T02:45"))
    # In that night 02:00 is followed by 03:00, and what is left is half an hour.
    assert compiled.holds(at("2027-03-28T01:15"))
    assert not compiled.holds(at("2027-03-28T00:45"))


def test_only_the_alerts_that_it_is_about_are_muted():
    compiled = mute(matchers=('severity!="critical"',))
    assert muted_by({"severity": "warning"}, [compiled]) == ("m",)
    assert muted_by({"severity": "critical"}, [compiled]) == ()


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        ({"times": [("8:00", "9:00")]}, ("times", 0, "start_time"), "is not a time of day"),
        ({"times": [("08:00", "24:30")]}, ("times", 0, "end_time"), "is not a time of day"),
        ({"times": [("22:00", "06:00")]}, ("times", 0, "end_time"), "two, to 24:00 and from"),
        ({"weekdays": ("monday", "funday")}, ("weekdays", 1), "is none of the weekdays"),
        ({"weekdays": ("friday:monday",)}, ("weekdays", 0), "ends before it starts"),
        ({"weekdays": ("1",)}, ("weekdays", 0), "is none of the weekdays"),
        ({"days_of_month": ("0",)}, ("days_of_month", 0), "is none of the days of month"),
        ({"days_of_month": ("-5:5",)}, ("days_of_month", 0), "may be empty"),
        ({"days_of_month": ("-1:-3",)}, ("days_of_month", 0), "ends before it starts"),
        ({"months": ("13",)}, ("months", 0), "is none of the months"),
        ({"years": ("soon",)}, ("years", 0), "is none of the years"),
        ({"location": "Berlin"}, ("location",), "unknown time zone"),
        ({"matchers": ('a="b"', "=")}, ("matchers", 1), "is not a matcher"),
    ],
)
def test_what_cannot_be_a_mute_time(settings, path, message):
    with pytest.raises(MuteError, match=message) as caught:
        mute(**settings)
    assert caught.value.path == path

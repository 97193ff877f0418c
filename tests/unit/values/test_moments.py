from monitor.values.moments import format_moment


def test_a_moment_is_rfc_3339_in_utc():
    assert format_moment(1_700_000_000.25) == "2023-11-14T22:13:20.250Z"

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor.alerts.matchers import Matcher, parse_matchers
from monitor.alerts.silences import (
    KEPT_SECONDS,
    Silence,
    SilenceError,
    Silences,
    UnknownSilenceError,
    silenced_by,
)

NOW = 1000.0


def draft(text='alertname="A"', *, starts_at=NOW, ends_at=NOW + 60, silence_id=""):
    return Silence(
        id=silence_id,
        matchers=parse_matchers(text),
        starts_at=starts_at,
        ends_at=ends_at,
        updated_at=0.0,
        created_by="ann",
        comment="deploy",
    )


def test_a_silence_holds_from_its_start_to_before_its_end():
    silence = draft(starts_at=1010.0, ends_at=1020.0)
    states = [silence.state(at) for at in (1009.9, 1010.0, 1019.9, 1020.0)]
    assert states == ["pending", "active", "active", "expired"]


def test_a_silence_that_would_begin_in_the_past_begins_now():
    silences = Silences()
    added = silences.put(draft(starts_at=5.0), NOW, "one")
    assert (added.id, added.starts_at, added.updated_at) == ("one", NOW, NOW)
    assert silences.active(NOW) == (added,)


@pytest.mark.parametrize(
    ("silence", "message"),
    [
        (draft(ends_at=NOW), "start time must be before end time"),
        (draft(starts_at=1.0, ends_at=2.0), "end time can't be in the past"),
        (draft('a=~".*",b!="x"'), "at least one matcher must not match the empty string"),
        (replace(draft(), matchers=()), "at least one matcher must not match the empty string"),
    ],
)
def test_what_cannot_be_a_silence(silence, message):
    with pytest.raises(SilenceError, match=message):
        Silences().put(silence, NOW, "one")


@pytest.mark.parametrize(
    ("change", "at", "same"),
    [
        ({"ends_at": 1200.0}, 1010.0, True),
        ({"comment": "longer"}, 1010.0, True),
        # What has held already cannot be rewritten.
        ({"matchers": (Matcher("alertname", "=", "B"),)}, 1010.0, False),
        ({"starts_at": 1005.0}, 1010.0, False),
        # It is over; the same again is another.
        ({"ends_at": 1200.0}, 1100.0, False),
    ],
)
def test_changing_a_silence_keeps_it_unless_that_would_rewrite_the_past(change, at, same):
    silences = Silences()
    before = silences.put(draft(), NOW, "one")
    after = silences.put(replace(before, **change), at, "two")
    assert after.id == ("one" if same else "two")
    assert [each.id for each in silences.active(at)] == [after.id]


def test_a_silence_that_is_to_come_can_be_moved():
    silences = Silences()
    before = silences.put(draft(starts_at=1500.0, ends_at=1600.0), NOW, "one")
    assert silences.put(replace(before, starts_at=1400.0), NOW, "two").id == "one"


def test_expiring_ends_a_silence_at_once_and_only_once():
    silences = Silences()
    silences.put(draft(), NOW, "one")
    silences.put(draft(starts_at=1500.0, ends_at=1600.0), NOW, "later")
    for silence_id in ("one", "later"):
        silences.expire(silence_id, 1010.0)
        assert silences.get(silence_id).state(1010.0) == "expired"
        assert silences.get(silence_id).starts_at <= silences.get(silence_id).ends_at
        with pytest.raises(SilenceError, match="has expired already"):
            silences.expire(silence_id, 1020.0)
    assert silences.active(1550.0) == ()


def test_an_unknown_id_is_told():
    with pytest.raises(UnknownSilenceError):
        Silences().put(draft(silence_id="x"), NOW, "one")
    with pytest.raises(UnknownSilenceError):
        Silences().expire("x", NOW)


def test_an_expired_silence_is_kept_for_a_while():
    silences = Silences()
    silences.put(draft(), NOW, "one")
    silences.forget_expired(NOW + 60 + KEPT_SECONDS - 1)
    assert silences.get("one")
    silences.forget_expired(NOW + 60 + KEPT_SECONDS)
    assert silences.all == ()


MOMENTS = st.integers(0, 40).map(float)


@given(
    st.lists(st.tuples(MOMENTS, MOMENTS, MOMENTS, st.sampled_from("AB")), max_size=6),
    st.lists(st.tuples(MOMENTS, st.integers(0, 5)), max_size=4),
)
def test_an_alert_is_silenced_exactly_while_a_silence_that_it_meets_holds(added, expired):
    silences, ends = Silences(), {}
    events = [(at, 0, n) for n, (at, *_) in enumerate(added)]
    events += [(at, 1, n) for at, n in expired]
    for at, kind, n in sorted(events):
        if kind == 0:
            _, starts_at, ends_at, name = added[n]
            wanted = draft(f'alertname="{name}"', starts_at=starts_at, ends_at=ends_at)
            if starts_at < ends_at and ends_at > at:
                silences.put(wanted, at, str(n))
                ends[str(n)] = (name, max(starts_at, at), ends_at)
        elif str(n) in ends and ends[str(n)][2] > at:
            silences.expire(str(n), at)
            name, starts_at, _ = ends[str(n)]
            ends[str(n)] = (name, min(starts_at, at), at)
    for now in range(41, 60):
        for name in "AB":
            expected = {k for k, (which, a, b) in ends.items() if which == name and a <= now < b}
            assert set(silenced_by({"alertname": name}, silences.active(now))) == expected

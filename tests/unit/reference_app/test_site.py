import time

import pytest

from monitor.reference_app.site import Person, Site

ADA, BAO, ESI = (f"{name}@mail.example" for name in ("ada", "bao", "esi"))


def test_a_follow_raises_both_counts_once_however_often_it_is_recorded(site: Site) -> None:
    for follower, followed in ((BAO, ADA), (BAO, ADA), (ESI, ADA), (ADA, BAO)):
        site.follow(follower, followed)
    assert site.person(ADA) == Person(ADA, following=1, followers=2)
    assert site.person(BAO) == Person(BAO, following=1, followers=1)
    assert site.person("nobody@mail.example") == Person("nobody@mail.example", 0, 0)
    assert [person.address for person in site.most_followed(10)] == [ADA, BAO]
    assert [person.address for person in site.most_followed(1)] == [ADA]


def test_only_one_of_two_may_welcome_somebody(site: Site) -> None:
    with site.welcoming(ADA) as first, site.welcoming(ADA) as second:
        assert (first, second) == (True, False)
    with site.welcoming(ADA) as third:
        assert third is False


def test_a_mail_that_failed_may_be_sent_by_the_next(site: Site) -> None:
    for marked in (lambda: site.welcoming(ADA), lambda: site.mailing(ADA, "newsletter 1")):
        with pytest.raises(OSError, match="disk"), marked():
            raise OSError("disk full")
        with marked() as again:
            assert again is True
        with marked() as once_more:
            assert once_more is False


def test_who_failed_without_having_the_mark_does_not_take_it_away(site: Site) -> None:
    with site.mailing(ADA, "newsletter 1"):
        pass
    with pytest.raises(OSError, match="disk"), site.mailing(ADA, "newsletter 1") as ours:
        assert ours is False
        raise OSError("disk full")
    with site.mailing(ADA, "newsletter 1") as again:
        assert again is False


def test_each_occasion_is_mailed_for_itself(site: Site) -> None:
    for occasion in ("newsletter 1", "newsletter 2"):
        with site.mailing(ADA, occasion) as ours:
            assert ours is True


def test_who_was_not_seen_is_deactivated_in_steps_and_gets_no_welcome(site: Site) -> None:
    site.sign_up(ADA, BAO, ESI)
    later = time.time() + 60
    assert [site.deactivate(later, limit=2) for _ in range(3)] == [2, 1, 0]
    assert site.unwelcomed(10) == []

import mailbox
import time
from pathlib import Path

import pytest

from monitor.reference_app import faults, mail, pictures, tasks
from monitor.reference_app.app import ROUTES, app
from monitor.reference_app.layout import WORKERS
from monitor.reference_app.site import Site
from monitor.reference_app.traffic import ARGUMENTS, PROFILES, STEADY_PER_SECOND

ADA, BAO = "ada@mail.example", "bao@mail.example"


def mails(folder: Path) -> list[tuple[str, str]]:
    box = mailbox.Maildir(folder / "mailbox")
    return sorted((each["To"], each["Subject"]) for each in box)


def test_a_follow_that_is_delivered_twice_counts_once_and_mails_once(
    folder: Path, site: Site, eager: None
) -> None:
    for _ in range(2):
        tasks.record_follow.delay(BAO, ADA)
    assert site.person(ADA).followers == 1
    assert mails(folder) == [(ADA, f"{BAO} follows you")]


def test_a_welcome_mail_is_one_whole_file_however_often_it_is_sent(folder: Path) -> None:
    for _ in range(2):
        tasks.send_welcome(ADA, "Ada")
    assert mails(folder) == [(ADA, "Welcome, Ada")]
    assert list((folder / "mailbox" / "tmp").iterdir()) == []


def test_a_wrong_address_fails_the_task_at_once_and_leaves_no_mail(folder: Path) -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        tasks.send_welcome("ada.mail.example", "Ada")
    assert mails(folder) == []


def test_a_mail_that_fails_for_now_is_tried_again_and_sent_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OSError("no space left on device"), OSError("still none")]
    send = mail.send

    def full_at_first(*arguments: str) -> None:
        if failures:
            raise failures.pop()
        send(*arguments)

    monkeypatch.setattr(mail, "send", full_at_first)
    assert tasks.send_welcome.apply((ADA, "Ada")).successful()
    assert mails(folder) == [(ADA, "Welcome, Ada")]


def test_the_leader_board_names_the_most_followed_first(folder: Path, site: Site) -> None:
    for follower, followed in (("a", ADA), ("b", ADA), ("a", BAO)):
        site.follow(follower, followed)
    tasks.update_leader_board()
    lines = (folder / "leader-board.txt").read_text().splitlines()
    assert [line.split() for line in lines] == [["2", ADA], ["1", BAO]]


def test_a_report_has_all_its_pages(folder: Path) -> None:
    name = tasks.write_report(page_seconds=0.0)
    assert len((folder / name).read_text().splitlines()) == tasks.REPORT_PAGES


def test_the_clean_up_says_how_many_it_deactivated(site: Site) -> None:
    site.sign_up(ADA, BAO)
    assert tasks.deactivate_idle(days=365.0) == 0
    time.sleep(0.001)  # they were last seen before now, not now
    assert [tasks.deactivate_idle(days=0.0) for _ in range(2)] == [2, 0]


def test_the_winner_has_the_most_votes_of_all_boxes() -> None:
    boxes = [tasks.count_ballots(box) for box in (["bao", "ada"], ["bao"], ["ada", "esi"])]
    assert tasks.announce_winner(boxes) == "ada"
    with pytest.raises(ValueError, match="empty ballot"):
        tasks.count_ballots(["ada", ""])


def test_photos_are_real_pictures_and_small_ones_are_small(folder: Path) -> None:
    from PIL import Image

    photo = pictures.import_photo("album", "beach")
    public = pictures.publish_photo(pictures.make_thumbnail(photo, 64))
    assert public == "/photos/album/beach-64.png"
    for name, size in ((photo, pictures.SIZE), ("album/beach-64.png", (64, 48))):
        with Image.open(folder / "photos" / name) as image:
            assert (image.format, image.size) == ("PNG", size)
    # Once more, as after a worker died: the same.
    assert pictures.publish_photo("album/beach-64.png") == public
    assert (folder / "public" / "album" / "beach-64.png").is_file()


def test_two_workers_at_once_may_write_the_same_photo(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def meanwhile_another_does_it_all(unfinished: Path, file: Path) -> Path:
        monkeypatch.setattr(Path, "replace", replace)
        pictures.import_photo("album", "beach")
        return replace(unfinished, file)

    monkeypatch.setattr(Path, "replace", meanwhile_another_does_it_all)
    photo = pictures.import_photo("album", "beach")
    assert [file.name for file in (folder / "photos" / photo).parent.iterdir()] == ["beach.png"]


@pytest.mark.parametrize("line", ["", "no address", "Ada <", "<ada@mail.example>", "Ada ada@x>"])
def test_a_line_that_names_nobody_poisons(site: Site, line: str) -> None:
    with pytest.raises(ValueError, match="not of the form"):
        faults.import_contact(line)
    assert site.unwelcomed(10) == []


def test_a_line_that_names_somebody_signs_them_up(site: Site) -> None:
    faults.import_contact(f"Ada <{ADA}>")
    assert site.unwelcomed(10) == [ADA]


def test_every_task_but_the_faults_has_a_route_to_a_queue_that_a_worker_consumes() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if name.startswith("monitor.")}
    assert set(ROUTES) == {name for name in ours if ".faults." not in name}
    consumed = {queue for worker in WORKERS.values() for queue in worker.queues}
    for name in ours:
        assert app.amqp.router.route({}, name)["queue"].name in consumed


def test_whatever_beat_sends_is_a_task_and_what_traffic_sends_has_arguments() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
    for mixture in (STEADY_PER_SECOND, *(profile.mixture for profile in PROFILES.values())):
        assert set(mixture) <= set(ARGUMENTS)

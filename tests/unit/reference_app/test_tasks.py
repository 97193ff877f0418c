import mailbox
from pathlib import Path

import pytest

from monitor.reference_app import tasks
from monitor.reference_app.app import app
from monitor.reference_app.traffic import ARGUMENTS, STEADY_PER_SECOND


@pytest.fixture
def site_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REFERENCE_APP_FOLDER", str(tmp_path / "site"))
    return tmp_path / "site"


def test_a_welcome_mail_is_one_whole_file_in_the_mailbox(site_folder: Path) -> None:
    tasks.send_welcome("ada@mail.example", "Ada")
    (mail,) = mailbox.Maildir(site_folder / "mailbox", create=False)
    assert (mail["To"], mail["Subject"]) == ("ada@mail.example", "Welcome, Ada")
    assert "Good to have you here, Ada." in mail.get_payload()
    assert list((site_folder / "mailbox" / "tmp").iterdir()) == []


def test_a_wrong_address_fails_the_task_and_leaves_no_mail(site_folder: Path) -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        tasks.send_welcome("ada.mail.example", "Ada")
    assert list(mailbox.Maildir(site_folder / "mailbox", create=False)) == []


def test_the_leader_board_counts_a_follow_that_was_done_twice_once(site_folder: Path) -> None:
    for follower, followed in (("a", "ada"), ("b", "ada"), ("a", "bao"), ("a", "bao")):
        tasks.record_follow(follower, followed)
    tasks.update_leader_board()
    lines = (site_folder / "leader-board.txt").read_text().split("\n")
    assert [line.split() for line in lines if line] == [["2", "ada"], ["1", "bao"]]


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        (tasks.record_follow, "high"),
        (tasks.send_welcome, "normal"),
        (tasks.update_leader_board, "low"),
        (tasks.pause, "normal"),
    ],
)
def test_each_task_goes_to_its_queue(task, queue: str) -> None:  # type: ignore[no-untyped-def]
    assert app.amqp.router.route({}, task.name)["queue"].name == queue


def test_there_are_arguments_for_every_task_and_traffic_for_none_but_tasks() -> None:
    ours = {name.rpartition(".")[2] for name in app.tasks if name.startswith("monitor.")}
    assert set(ARGUMENTS) == ours
    assert set(STEADY_PER_SECOND) < ours

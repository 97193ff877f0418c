"""The tasks about people: what is done outside the request. `app` says where each one waits.

Each says when its message is acknowledged. Late, after it ran, means that a worker that dies in
the middle leaves it to another one, so doing it twice must be harmless. Early, before it runs,
is Celery's default, and means that it is lost then.

Who is mailed is noted before the mail is sent. A worker that dies between the two leaves the note
and no mail, for of the two mistakes that is the smaller one.
"""

# Celery ships no types, so that mypy knows nothing of its decorator.
# mypy: disable-error-code="untyped-decorator"

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from monitor import stamp
from monitor.reference_app import mail
from monitor.reference_app.app import app
from monitor.reference_app.settings import data_folder
from monitor.reference_app.site import Site

DAY_SECONDS = 86_400.0
REPORT_PAGES = 5


# Late: the follow counts once however often it is recorded, and so does the mail.
@app.task(acks_late=True)
def record_follow(follower: str, followed: str) -> None:
    """Let `follower` follow `followed`, and have the latter told."""
    Site(data_folder()).follow(follower, followed)
    mail_followed.delay(follower, followed)


# A full disk passes, so it is tried again after 1, 2, 4 seconds and a bit; a wrong address does
# not pass. Late: who had the mail is noted, so that nobody has it twice.
@app.task(acks_late=True, autoretry_for=(OSError,), retry_backoff=True, max_retries=3)
def mail_followed(follower: str, followed: str) -> None:
    """Mail `followed` who it is that follows them now."""
    with Site(data_folder()).mailing(followed, f"followed by {follower}") as ours:
        if ours:
            mail.send(followed, f"{follower} follows you", "You have a new follower.\n")


@app.task(acks_late=True, autoretry_for=(OSError,), retry_backoff=True, max_retries=3)
def send_welcome(address: str, first_name: str) -> None:
    """Mail `first_name` that it is good to have them, at once; `batch` does it by and by."""
    with Site(data_folder()).welcoming(address) as ours:
        if ours:
            mail.send(address, f"Welcome, {first_name}", f"Good to have you, {first_name}.\n")


@app.task(acks_late=True)
def update_leader_board() -> None:
    """Write down the ten most followed people."""
    site = Site(data_folder())
    lines = [f"{person.followers:6} {person.address}\n" for person in site.most_followed(10)]
    site.publish("leader-board.txt", "".join(lines))


# Early: a figure that is lost is no harm, one that counts twice is wrong. One that waited five
# minutes is thrown away instead of making a busy time busier.
@app.task(expires=300)
def record_metric(name: str, value: float) -> None:
    """Keep a figure."""
    Site(data_folder()).record(name, value)


@app.task(bind=True)
def canary(self: Any) -> None:
    """Measure how long a message of `high` waits: what beat sends each minute to see it sing."""
    sent_at = self.request.get(stamp.HEADER)
    if sent_at is not None:
        Site(data_folder()).record("seconds in high", time.time() - sent_at)


# Late, and in steps of 500: what is done is done, and a second run goes on from there. The soft
# limit raises inside the task, which may tidy up; at the hard one the process is killed.
@app.task(acks_late=True, soft_time_limit=120, time_limit=150, ignore_result=False)
def deactivate_idle(days: float = 365.0) -> int:
    """Deactivate who was not seen for so many days; return how many these are."""
    site, total = Site(data_folder()), 0
    while found := site.deactivate(time.time() - days * DAY_SECONDS, limit=500):
        total += found
    return total


# With progress, which whoever asked for it can see by the id of the task.
@app.task(bind=True, acks_late=True, time_limit=600, ignore_result=False)
def write_report(self: Any, page_seconds: float = 1.0) -> str:
    """Write a long report, page by page; return the name of its file."""
    site, pages = Site(data_folder()), []
    for number in range(1, REPORT_PAGES + 1):
        time.sleep(page_seconds)
        leaders = ", ".join(person.address for person in site.most_followed(number))
        pages.append(f"Page {number}: {leaders or 'nobody is followed'}\n")
        if not self.request.called_directly:
            progress = {"page": number, "of": REPORT_PAGES}
            self.update_state(state="PROGRESS", meta=progress)
    name = "report.txt"
    site.publish(name, "".join(pages))
    return name


@app.task(acks_late=True, autoretry_for=(OSError,), retry_backoff=True, max_retries=3)
def send_newsletter(address: str, issue: int) -> None:
    """Mail one reader an issue of the newsletter; once, also when its chunk runs again."""
    with Site(data_folder()).mailing(address, f"newsletter {issue}") as ours:
        if ours:
            mail.send(address, f"Newsletter {issue}", "What happened this week.\n")


@app.task(acks_late=True, ignore_result=False)
def count_ballots(ballots: Sequence[str]) -> dict[str, int]:
    """Count one box of ballots; each names a candidate. Raises ValueError for an empty one."""
    if not all(ballots):
        raise ValueError("an empty ballot is in the box")
    return dict(Counter(ballots))


@app.task(acks_late=True, ignore_result=False)
def announce_winner(boxes: Sequence[dict[str, int]]) -> str:
    """Return who has the most votes in all boxes; of equals the first by name."""
    total: Counter[str] = Counter()
    for box in boxes:
        total.update(box)
    return min(total, key=lambda name: (-total[name], name))

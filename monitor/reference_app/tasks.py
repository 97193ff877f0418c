"""The tasks: what is done outside the request. `app` says on which queue each one waits."""

# Celery ships no types, so that mypy knows nothing of its decorator.
# mypy: disable-error-code="untyped-decorator"

import time

from monitor.reference_app.app import app
from monitor.reference_app.site import Site, data_folder


# Doing it twice is harmless, so it is acknowledged when done: a worker that dies in the middle
# leaves it to another one.
@app.task(acks_late=True)
def record_follow(follower: str, followed: str) -> None:
    """Count `follower` among the followers of `followed`."""
    Site(data_folder()).record_follow(follower, followed)


# Two mails would be worse than none, so it is acknowledged before it runs, as is Celery's
# default. A full disk passes; a wrong address does not, and is not tried again.
@app.task(autoretry_for=(OSError,), retry_backoff=True, max_retries=3)
def send_welcome(address: str, first_name: str) -> None:
    """Mail `first_name` that it is good to have them."""
    Site(data_folder()).send_mail(
        address, f"Welcome, {first_name}", f"Good to have you here, {first_name}.\n"
    )


@app.task(acks_late=True)
def update_leader_board() -> None:
    """Write down the ten most followed people."""
    site = Site(data_folder())
    leaders = site.most_followed(10)
    site.publish_leader_board([f"{followers:6} {name}" for name, followers in leaders])


@app.task
def pause(seconds: float) -> None:
    """Keep a pool process busy: for filling a queue to see what the monitor says about it."""
    time.sleep(seconds)

"""The app's tasks. Found by `autodiscover_tasks`; shared, so of whichever Celery app there is."""

from celery import shared_task
from django.core.mail import send_mail
from django.db import transaction

from monitor.reference_app.django_site.follows.models import Follow, Person

SENDER = "hello@reference-app.example"


# Late: whoever does it a second time changes nothing.
@shared_task(acks_late=True)
def record_follow(follower: str, followed: str) -> None:
    """Let `follower` follow `followed`, raise both counts, and have the latter told."""
    if Follow.record(follower, followed):
        mail_followed.delay(follower, followed)


# Early: two mails would be worse than none. A mail server that is away comes back.
@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=3)
def mail_followed(follower: str, followed: str) -> None:
    """Mail `followed` who it is that follows them now."""
    send_mail(f"{follower} follows you", "You have a new follower.\n", SENDER, [followed])


@shared_task(acks_late=True, autoretry_for=(OSError,), retry_backoff=True, max_retries=3)
def send_welcome(address: str) -> None:
    """Mail somebody that it is good to have them; only who sets the flag does."""
    Person.objects.get_or_create(address=address)
    with transaction.atomic():
        flagged = Person.objects.filter(address=address, welcome_email_sent=False)
        if flagged.update(welcome_email_sent=True):
            # If it fails, the flag goes with the transaction. The price: the row, and with SQLite
            # the whole database, is locked for as long as the mail server takes.
            send_mail("Welcome", "Good to have you.\n", SENDER, [address])


@shared_task(acks_late=True)
def update_leader_board() -> list[list[str | int]]:
    """Return the ten most followed people and how many follow them."""
    leaders = Person.objects.filter(followers__gt=0).order_by("-followers", "address")[:10]
    return [[person.address, person.followers] for person in leaders]

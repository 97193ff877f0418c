"""The mail server: as slow as real ones, and instead of sending it keeps the mails in a Maildir."""

import mailbox
import time
from email.message import EmailMessage

from monitor.reference_app import settings


def send(address: str, subject: str, text: str) -> None:
    """Mail somebody, after `settings.mail_seconds`: one file a mail, there whole or not at all.

    Raises ValueError when `address` is not one, OSError when the disk is full.
    """
    if "@" not in address:
        # Without the address itself: what an error says ends up in logs.
        raise ValueError("not a mail address: it has no @")
    time.sleep(settings.mail_seconds())
    mail = EmailMessage()
    mail["From"] = "hello@reference-app.example"
    mail["To"] = address
    mail["Subject"] = subject
    mail.set_content(text)
    folder = settings.data_folder() / "mailbox"
    for name in ("new", "cur", "tmp"):
        # A Maildir would make them itself, but two workers at once would trip over it.
        (folder / name).mkdir(parents=True, exist_ok=True)
    # A Maildir writes in tmp/ and renames into new/, which is what makes it atomic.
    mailbox.Maildir(folder).add(mail)

"""Mail by SMTP. Blocking, so each mail has a thread of its own.

A recipient that is refused for good does not hold the others up: the notice counts as
delivered in part. One that is refused for now makes the notice fail, and all get it again.
"""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from functools import partial

import aiohttp

from monitor.alerts.alert import Notice
from monitor.channels.base import Receipt, RefusedError, SendError
from monitor.channels.message import incident_key, message_of, one_line
from monitor.channels.settings import EmailSettings
from monitor.channels.text import as_html, as_text
from monitor.channels.thread import in_thread

MAX_SUBJECT = 200
_DOMAIN = "queue-monitor.invalid"


class EmailChannel:
    """Sends a mail in text and HTML. `page_url` is where a person finds the monitor."""

    def __init__(
        self, settings: EmailSettings, _session: aiohttp.ClientSession, page_url: str
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._page_url = page_url

    async def send(self, notice: Notice) -> Receipt:
        """Hand `notice` to the mail server. Raises SendError."""
        mail = make_mail(notice, self._settings, self._page_url)
        with _explained():
            refused = await in_thread(partial(self._submit, mail), self.name)
        return _receipt(refused)

    def _submit(self, mail: EmailMessage) -> Mapping[str, tuple[int, bytes]]:
        """Send `mail`; return the recipients that were refused, if not all of them were."""
        settings = self._settings
        with self._connect() as server:
            if settings.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.username is not None and settings.password is not None:
                server.login(settings.username, settings.password.reveal())
            return server.send_message(mail)

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        where = (settings.host, settings.port)
        if settings.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(*where, timeout=settings.timeout, context=context)
        return smtplib.SMTP(*where, timeout=settings.timeout)


def make_mail(notice: Notice, settings: EmailSettings, page_url: str) -> EmailMessage:
    """Return the mail that tells of `notice`; all mails of a group are one thread."""
    message = message_of(notice, page_url)
    mail = EmailMessage()
    mail["Subject"] = one_line(message.title, MAX_SUBJECT)
    mail["From"] = settings.from_
    mail["To"] = ", ".join(settings.to)
    mail["Date"] = format_datetime(datetime.fromtimestamp(notice.made_at, UTC))
    mail["Message-ID"] = make_msgid(domain=_DOMAIN)
    mail["References"] = f"<{incident_key(notice)}@{_DOMAIN}>"
    # So that nobody's absence is answered to the monitor.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(as_text(message))
    mail.add_alternative(as_html(message), subtype="html")
    return mail


def _receipt(refused: Mapping[str, tuple[int, bytes]]) -> Receipt:
    if not refused:
        return Receipt(said="accepted for all recipients")
    reason = "refused for " + ", ".join(
        f"{recipient}: {code} {text.decode('utf-8', 'replace')}"
        for recipient, (code, text) in refused.items()
    )
    if any(code < 500 for code, _ in refused.values()):
        raise SendError(reason)
    return Receipt(said="accepted for the other recipients", problem=reason)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what smtplib raises into SendError: 5xx is final, the rest may pass."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        kind = RefusedError if all(code >= 500 for code in codes) else SendError
        raise kind(f"every recipient was refused: {codes}") from error
    except smtplib.SMTPResponseException as error:
        text = error.smtp_error
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        kind = RefusedError if error.smtp_code >= 500 else SendError
        raise kind(f"SMTP {error.smtp_code}: {said}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise RefusedError(f"the mail server cannot do it: {error}") from error
    except ssl.SSLCertVerificationError as error:
        raise SendError(f"certificate not accepted: {error.verify_message}") from error
    except TimeoutError as error:
        raise SendError("no answer in time") from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        detail = getattr(error, "strerror", None) or str(error)
        raise SendError(f"broken exchange: {type(error).__name__}: {detail}") from error

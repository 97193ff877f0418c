"""Mail by SMTP. Blocking, so each mail has a thread of its own.

A recipient that is refused does not hold the others up: the notice counts as delivered in part,
and only who was refused for now is sent it again.
"""

import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, make_msgid
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

_Refusals = Mapping[str, tuple[int, bytes]]
"""What the server answered, by recipient."""


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
        # An address that is listed twice gets one mail, and is one that may be refused.
        everybody = list(dict.fromkeys(address for _, address in getaddresses(self._settings.to)))
        # None is left where the settings changed since the others got it.
        to = [each for each in everybody if each in notice.only] if notice.only else everybody
        with _explained():
            refused = await in_thread(partial(self._submit, mail, to), self.name) if to else {}
        return _receipt(refused, to, others_have_it=bool(notice.only))

    def _submit(self, mail: EmailMessage, to: Sequence[str]) -> _Refusals:
        """Send `mail`; return who of `to` was refused."""
        settings = self._settings
        with self._connect() as server:
            if settings.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.username is not None and settings.password is not None:
                server.login(settings.username, settings.password.reveal())
            try:
                return server.send_message(mail, to_addrs=to)
            except smtplib.SMTPRecipientsRefused as error:
                # Nobody has it; a server that gives up on the way leaves the rest unmentioned.
                return {**dict.fromkeys(to, (421, b"not tried")), **error.recipients}

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


def _receipt(refused: _Refusals, to: Sequence[str], *, others_have_it: bool) -> Receipt:
    """Return what came of a mail to `to`. Raises SendError when nobody took it.

    `others_have_it`: it had been taken by other recipients before.
    """
    if not refused:
        return Receipt(said="accepted for all recipients")
    reason = "refused for " + ", ".join(
        f"{recipient}: {code} {text.decode('utf-8', 'replace')}"
        for recipient, (code, text) in refused.items()
    )
    later = frozenset(recipient for recipient, (code, _) in refused.items() if code < 500)
    if len(refused) < len(to) or (others_have_it and not later):
        return Receipt(said="accepted for the other recipients", problem=reason, missing=later)
    raise SendError(reason) if later else RefusedError(reason)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what smtplib raises into SendError: 5xx is final, the rest may pass."""
    try:
        yield
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

"""Mail, handed to a real SMTP server on loopback."""

import asyncio
import email.policy
import socket
import ssl
from contextlib import asynccontextmanager

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from msgspec.structs import replace

from monitor.channels.base import Receipt, RefusedError, SendError
from monitor.channels.email import MAX_SUBJECT, EmailChannel
from monitor.channels.settings import EmailSettings
from monitor.values.secret import Secret
from tests.unit.channels.notices import FIRING, RESOLVED, notice

PAGE = "http://monitor:9808/"


class Mailbox:
    """Takes mail; `answers` are what it says to RCPT TO by recipient."""

    def __init__(self):
        self.answers = {}
        self.mails = []
        self.encrypted = []

    # aiosmtpd looks for the methods by these names.
    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.rcpt_tos, mail))
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 queued as 42"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@asynccontextmanager
async def server(mailbox, authority=None, password=None, implicit=False):
    context = None
    if authority is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)

    def check(server, session, envelope, mechanism, data):
        right = isinstance(data, LoginPassword) and data.password == password.encode()
        return AuthResult(success=right, handled=False)

    def make():
        return SMTP(
            mailbox,
            hostname="localhost",
            tls_context=None if implicit else context,
            require_starttls=context is not None and not implicit,
            authenticator=check if password else None,
            auth_required=password is not None,
            auth_require_tls=not implicit,
        )

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        make, "localhost", 0, family=socket.AF_INET, ssl=context if implicit else None
    )
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def channel(port, **settings):
    defaults = {"security": "none", "to": ("oncall@example.com",), "timeout": 5.0}
    made = EmailSettings(
        type="email",
        host="localhost",
        port=port,
        from_="Queue monitor <monitor@example.com>",
        **(defaults | settings),
    )
    return EmailChannel(made, None, PAGE)


async def test_a_mail_has_all_of_the_message_as_text_and_as_html():
    box = Mailbox()
    async with server(box) as port:
        await channel(port, to=("a@example.com", "b@example.com")).send(notice())
    ((recipients, mail),) = box.mails
    assert recipients == ["a@example.com", "b@example.com"]
    assert mail["Subject"] == "CRITICAL TooMany: high: 523 waiting"
    assert mail["From"] == "Queue monitor <monitor@example.com>"
    assert mail["To"] == "a@example.com, b@example.com"
    assert mail["Date"].datetime.timestamp() == 1_700_000_003
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert "First command: celery -A proj inspect active_queues" in text
    assert "<code>celery -A proj inspect active_queues</code>" in html


async def test_the_mails_of_a_group_are_one_thread_and_each_is_its_own():
    box = Mailbox()
    async with server(box) as port:
        made = channel(port)
        await made.send(notice())
        await made.send(notice())
        await made.send(notice(firing=(), resolved=(RESOLVED,)))
    mails = [mail for _, mail in box.mails]
    assert len({mail["References"] for mail in mails}) == 1
    assert len({mail["Message-ID"] for mail in mails}) == 3
    assert mails[2]["Subject"] == "RESOLVED TooMany: low: 101 waiting"


async def test_a_hostile_name_is_no_header_of_its_own():
    box = Mailbox()
    firing = replace(FIRING, summary="a\r\nBcc: x@example.com\r\n\r\n" + "ä" * 9_000)
    async with server(box) as port:
        await channel(port).send(notice(firing=(firing,)))
    ((recipients, mail),) = box.mails
    assert recipients == ["oncall@example.com"]
    assert mail["Bcc"] is None
    assert len(mail["Subject"]) <= MAX_SUBJECT


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_the_login_goes_over_tls(authority, monkeypatch, tmp_path, security):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    box = Mailbox()
    async with server(box, authority, "s3cret", implicit=security == "tls") as port:
        login = {"username": "monitor", "password": Secret("s3cret"), "security": security}
        await channel(port, **login).send(notice())
        with pytest.raises(RefusedError) as caught:
            await channel(port, **(login | {"password": Secret("wrong")})).send(notice())
    assert box.encrypted == [True]
    assert str(caught.value).startswith("SMTP 535: ")
    assert "wrong" not in str(caught.value)


async def test_a_certificate_that_is_not_trusted_ends_it(authority):
    box = Mailbox()
    async with server(box, authority) as port:
        with pytest.raises(SendError) as caught:
            await channel(port, security="starttls").send(notice())
    assert type(caught.value) is SendError
    assert str(caught.value).startswith("certificate not accepted: ")
    assert box.mails == []


async def test_what_was_to_be_encrypted_is_never_sent_in_the_clear():
    box = Mailbox()
    async with server(box) as port:
        with pytest.raises(RefusedError) as caught:
            await channel(port, security="starttls").send(notice())
    assert str(caught.value).startswith("the mail server cannot do it: STARTTLS")
    assert box.mails == []


TWO = ("a@example.com", "b@example.com")


async def test_a_recipient_who_is_refused_does_not_hold_the_other_up():
    box = Mailbox()
    box.answers = {"a@example.com": "550 no such user"}
    async with server(box) as port:
        receipt = await channel(port, to=TWO).send(notice())
    assert [recipients for recipients, _ in box.mails] == [["b@example.com"]]
    assert receipt.problem == "refused for a@example.com: 550 no such user"


async def test_only_who_was_refused_for_now_gets_the_mail_again():
    box = Mailbox()
    box.answers = {"a@example.com": "450 later"}
    async with server(box) as port:
        made = channel(port, to=("A <a@example.com>", "b@example.com"))
        receipt = await made.send(notice())
        assert receipt.problem == "refused for a@example.com: 450 later"
        rest = replace(notice(), only=receipt.missing)
        with pytest.raises(SendError, match=r"^refused for a@example\.com: 450 later$"):
            await made.send(rest)
        box.answers = {}
        assert await made.send(rest) == Receipt(said="accepted for all recipients")
        box.answers = {"a@example.com": "550 no such user"}
        assert (await made.send(rest)).missing == frozenset()
    assert [recipients for recipients, _ in box.mails] == [["b@example.com"], ["a@example.com"]]
    assert {mail["To"] for _, mail in box.mails} == {"A <a@example.com>, b@example.com"}


async def test_who_is_no_longer_a_recipient_is_not_written_to():
    box = Mailbox()
    async with server(box) as port:
        await channel(port).send(replace(notice(), only=frozenset({"gone@example.com"})))
    assert box.mails == []


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"a@example.com": "450 later", "b@example.com": "450 later"}, SendError),
        ({"a@example.com": "421 closing"}, SendError),
        ({"a@example.com": "550 no", "b@example.com": "550 no"}, RefusedError),
        ({"a@example.com": "450 later", "b@example.com": "550 no"}, SendError),
    ],
)
async def test_a_mail_that_nobody_took_is_tried_again_if_any_may_take_it_later(answers, kind):
    box = Mailbox()
    box.answers = answers
    async with server(box) as port:
        with pytest.raises(SendError) as caught:
            await channel(port, to=TWO).send(notice())
    assert type(caught.value) is kind
    assert box.mails == []


async def test_an_address_that_is_listed_twice_is_one_recipient():
    box = Mailbox()
    async with server(box) as port:
        made = channel(port, to=("Ops <a@example.com>", "a@example.com"))
        await made.send(notice())
        box.answers = {"a@example.com": "550 no such user"}
        with pytest.raises(RefusedError):
            await made.send(notice())
    assert [recipients for recipients, _ in box.mails] == [["a@example.com"]]


@pytest.mark.parametrize("greeting", [b"", b"garbage\r\n", b"421 busy\r\n", None])
async def test_a_server_that_is_broken_or_hangs_is_tried_again(greeting):
    async def serve(reader, writer):
        if greeting is None:
            await reader.read()
        else:
            writer.write(greeting)
        writer.close()

    broken = await asyncio.start_server(serve, "localhost", 0, family=socket.AF_INET)
    async with broken:
        port = broken.sockets[0].getsockname()[1]
        with pytest.raises(SendError) as caught:
            await channel(port, timeout=0.5).send(notice())
    assert type(caught.value) is SendError


async def test_a_closed_port_is_tried_again():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SendError) as caught:
            await channel(taken.getsockname()[1]).send(notice())
    assert type(caught.value) is SendError

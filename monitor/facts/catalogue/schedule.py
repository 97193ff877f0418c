"""Facts of a task that is expected at its times."""

from monitor.facts.fact import Fact

SCHEDULE_FACTS: tuple[Fact, ...] = (
    Fact("schedule", "missed", "celery_schedule_missed", "gauge",
         "Whether no worker has received the task since it was due, its grace being over; absent "
         "while that is not known.",
         lambda s: s.missed, unit="boolean"),
    Fact("schedule", "learned", "celery_schedule_learned", "gauge",
         "Whether it was learned from when the task came (1) or declared in the settings (0).",
         lambda s: s.learned, unit="boolean"),
    Fact("schedule", "period", "celery_schedule_period_seconds", "gauge",
         "Time between two of its times; absent where a crontab gives them.",
         lambda s: s.period_seconds, unit="seconds"),
    Fact("schedule", "due", "celery_schedule_due_timestamp_seconds", "gauge",
         "When the task was due last, of those times whose grace is over, in Unix seconds.",
         lambda s: s.due_at, unit="timestamp"),
    Fact("schedule", "last_received", "celery_schedule_last_received_timestamp_seconds", "gauge",
         "When a worker last received the task, in Unix seconds of this host.",
         lambda s: s.last_received_at, unit="timestamp"),
)

"""Facts of a watched log."""

from monitor.facts.fact import Fact

LOG_FACTS: tuple[Fact, ...] = (
    Fact("log", "readable", "celery_log_readable", "gauge",
         "Whether all files of the log can be read; 0 also where there is none.",
         lambda log: log.readable, unit="boolean"),
    Fact("log", "last_write", "celery_log_last_write_timestamp_seconds", "gauge",
         "When the log was last written to, by the file system, in Unix seconds.",
         lambda log: log.last_write_at, unit="timestamp"),
    Fact("log", "last_match", "celery_log_last_match_timestamp_seconds", "gauge",
         "When a line that counts was last read, in Unix seconds of this host.",
         lambda log: log.last_match_at, unit="timestamp"),
    Fact("log", "matches", "celery_log_matches_total", "counter",
         "Lines that count: those that match the log's pattern, or all where it has none.",
         lambda log: log.matches),
    Fact("log", "matches_per_minute", "celery_log_matches_per_minute", "gauge",
         "Lines that count, in the last minute; absent until the log has been watched for one.",
         lambda log: log.matches_per_minute),
    Fact("log", "silence", "celery_log_silence_seconds", "gauge",
         "Time since the last line that counts, at least; absent while that is not known.",
         lambda log: log.silence_seconds, unit="seconds"),
    Fact("log", "max_silence", "celery_log_max_silence_seconds", "gauge",
         "The silence past which LogSilent holds, from the settings.",
         lambda log: log.max_silence_seconds, unit="seconds"),
)

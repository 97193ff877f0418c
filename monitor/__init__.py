"""queue-monitor: tells the truth about Celery on Redis, and tells it to the right people."""

__version__ = "0.1.0"

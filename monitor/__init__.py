"""queue-monitor: tells the truth about Celery on Redis, and tells it to the right people."""

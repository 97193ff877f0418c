"""The project's Celery application: `celery -A monitor.reference_app.django_site worker`."""

import os

from celery import Celery

import monitor.stamp  # noqa: F401 - each message carries from here on when it was sent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monitor.reference_app.django_site.settings")

app = Celery("django_site")
# Its settings are those of Django's that begin with CELERY_.
app.config_from_object("django.conf:settings", namespace="CELERY")
# A module `tasks` in each installed app.
app.autodiscover_tasks()

"""Settings of the project: Django's, and with CELERY_ in front Celery's."""

import os

from monitor.reference_app.settings import data_folder, eager

# An example that keeps no secrets; a real site takes its key from the environment alone.
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY") or "an example's key"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = ["monitor.reference_app.django_site.follows"]
ROOT_URLCONF = "monitor.reference_app.django_site.urls"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": data_folder() / "django.db",
        # Several workers write at once: each waits for its turn up to this many seconds.
        "OPTIONS": {"timeout": 10, "transaction_mode": "IMMEDIATE"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = data_folder() / "django-mail"
TEST_RUNNER = "monitor.reference_app.django_site.testing.EagerRunner"

# A database of the server for itself, so that no other app's keys are in the way, and none of ours
# in theirs. Another database is not another server: what fills its memory fills it for all.
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or "redis://127.0.0.1:6379/10"
# What runs longer without being acknowledged is delivered again, so no task that acknowledges late
# may take an hour.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_RESULT_BACKEND = CELERY_BROKER_URL
# Nobody asks later than that, and the server's memory is that of the queues.
CELERY_RESULT_EXPIRES = 3600
CELERY_TASK_DEFAULT_QUEUE = "normal"
CELERY_TASK_ROUTES = {
    # The user looks at the number that this changes.
    "monitor.reference_app.django_site.follows.tasks.record_follow": {"queue": "high"},
    # It is a picture of the last hour anyway.
    "monitor.reference_app.django_site.follows.tasks.update_leader_board": {"queue": "low"},
}
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_TASK_SEND_SENT_EVENT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# For local work; `manage.py check` warns where it is on and DEBUG is not.
CELERY_TASK_ALWAYS_EAGER = eager()

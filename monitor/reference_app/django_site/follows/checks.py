"""What `manage.py check` warns of."""

from typing import Any

from celery import current_app
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


@register()
def no_eager_tasks(**_options: Any) -> list[CheckMessage]:
    """Warn of tasks that run in the request although the site is not being worked on."""
    if settings.DEBUG or not current_app.conf.task_always_eager:
        return []
    return [
        Warning(
            "CELERY_TASK_ALWAYS_EAGER is on: every task runs in the request that sends it.",
            hint="Switch it off in production.",
            id="follows.W001",
        )
    ]

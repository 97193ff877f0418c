"""The same tasks in a Django project: what changes, and what does not.

`celery` makes the Celery application, `settings` has its settings among Django's own, and `follows`
is the app that could be installed into any project: its tasks are shared ones, which belong to
whichever Celery application the project has. The monitor sees no difference.
"""

# Loaded with the project, so that shared tasks find their application in every process.
from monitor.reference_app.django_site.celery import app as celery_app

__all__ = ["celery_app"]

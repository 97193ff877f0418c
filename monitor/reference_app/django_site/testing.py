"""Django's test runner, with tasks that run where they are sent: tests need no broker."""

from typing import Any

from django.test.runner import DiscoverRunner

from monitor.reference_app.django_site.celery import app


class EagerRunner(DiscoverRunner):
    """Switches eager mode on for as long as tests run; named by TEST_RUNNER."""

    def setup_test_environment(self, **options: Any) -> None:
        """Let a task run in `delay`, and raise there."""
        super().setup_test_environment(**options)
        app.conf.update(task_always_eager=True, task_eager_propagates=True)

    def teardown_test_environment(self, **options: Any) -> None:
        """Let tasks be sent again."""
        app.conf.update(task_always_eager=False, task_eager_propagates=False)
        super().teardown_test_environment(**options)

"""Django's test runner, with tasks that run where they are sent: tests need no broker."""

from typing import Any

from django.test.runner import DiscoverRunner
from django.test.utils import override_settings


class EagerRunner(DiscoverRunner):
    """Switches eager mode on for as long as tests run; named by TEST_RUNNER."""

    _eager = override_settings(CELERY_TASK_ALWAYS_EAGER=True, CELERY_TASK_EAGER_PROPAGATES=True)

    def setup_test_environment(self, **options: Any) -> None:
        """Let a task run in `delay`, and raise there."""
        super().setup_test_environment(**options)
        self._eager.enable()

    def teardown_test_environment(self, **options: Any) -> None:
        """Let tasks be sent again."""
        self._eager.disable()
        super().teardown_test_environment(**options)

"""The app as Django installs it."""

from django.apps import AppConfig


class FollowsConfig(AppConfig):
    """Named in INSTALLED_APPS by its package."""

    name = "monitor.reference_app.django_site.follows"
    label = "follows"

    def ready(self) -> None:
        """Register the check of the settings."""
        from monitor.reference_app.django_site.follows import checks  # noqa: F401 - registers it

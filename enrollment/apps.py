"""Programs, eligibility, invitations, enrollments, fiscal years."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnrollmentConfig(AppConfig):
    name = "enrollment"
    verbose_name = _("Programs and enrollments")

    def ready(self) -> None:
        from enrollment import listeners  # noqa: F401

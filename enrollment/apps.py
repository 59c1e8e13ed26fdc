"""Programs, eligibility, invitations, enrollments, fiscal years."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnrollmentConfig(AppConfig):
    name = "enrollment"
    verbose_name = _("Programs and enrollments")

    def ready(self) -> None:
        from accounts import program_choices
        from enrollment import audit_wording, gauges, listeners, usage  # noqa: F401
        from profiles import paying_entities
        from profiles.usage import register_usage

        register_usage(usage.enrollments_using)
        program_choices.register(usage.program_choices)
        paying_entities.register(usage.paying_entities)

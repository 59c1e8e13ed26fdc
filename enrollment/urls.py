"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from enrollment.views import (
    bulk,
    eligibility,
    enroll,
    enrollments,
    finding,
    guides,
    home,
    overview,
    overview_export,
    programs,
    requirement_builder,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("notices/", home.notices, name="notices"),
    path("notices/<uuid:pk>/open/", home.open_notice, name="notice_open"),
    path("guide/", guides.guide_page, name="guide"),
    path("incentives/", overview.overview_page, name="overview"),
    path("incentives/export/<str:kind>/", overview_export.overview_export, name="overview_export"),
    path("incentives/find/", finding.find, name="find"),
    path("incentives/locations/<uuid:pk>/", finding.location_page, name="location"),
    path("incentives/many/", bulk.many, name="many"),
    path("incentives/many/jobs/", bulk.many_jobs, name="many_jobs"),
    path("incentives/many/jobs/<uuid:pk>/", bulk.many_job, name="many_job"),
    path("incentives/guides/<str:code>/", guides.program_guide, name="program_guide"),
    path("incentives/<uuid:pk>/", enrollments.enrollment_page, name="enrollment"),
    path("incentives/<uuid:pk>/accept/", enrollments.accept, name="accept"),
    path("incentives/<uuid:pk>/decline/", enrollments.decline, name="decline"),
    path("incentives/<uuid:pk>/undo/", enrollments.undo_decline, name="undo_decline"),
    path("incentives/<uuid:pk>/eligibility/", eligibility.eligibility_page, name="eligibility"),
    path("incentives/<uuid:pk>/enroll/", enroll.enroll_page, name="enroll"),
    path("programs/", programs.programs, name="programs"),
    path("programs/new/", programs.program_new, name="program_new"),
    path("programs/<str:code>/", programs.program, name="program"),
    path("programs/<str:code>/edit/", programs.program_edit, name="program_edit"),
    path("programs/<str:code>/years/", programs.program_years, name="program_years"),
    path("programs/<str:code>/discontinue/", programs.program_discontinue, name="program_discontinue"),
    path("programs/<str:code>/guides/", programs.program_guide_add, name="program_guide_add"),
    path("programs/<str:code>/guides/<int:pk>/", programs.program_guide_version, name="program_guide_version"),
    path("programs/<str:code>/requirements/", requirement_builder.program_requirements, name="program_requirements"),
    path(
        "programs/<str:code>/requirements/publish/",
        requirement_builder.program_requirements_publish,
        name="program_requirements_publish",
    ),
]

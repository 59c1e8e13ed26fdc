"""Many enrollments at once, and saved views; all of it behind the wall (as enrollment/migrations/0003_wall.py)."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import incentives_portal.core.clock

EVERYTHING = "(SELECT current_setting('portal.sees', true) = 'everything')"
PARTNER = "(SELECT nullif(nullif(current_setting('portal.sees', true), ''), 'everything')::uuid)"
WALLED = {
    "enrollment_bulkenrollment": f"partner_id = {PARTNER}",
    "enrollment_savedview": f"partner_id = {PARTNER}",
    "enrollment_bulkenrollmentrow": "EXISTS (SELECT FROM enrollment_bulkenrollment whole WHERE whole.id = job_id)",
}


def forward() -> list[str]:
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY wall ON {table} USING (nullif({EVERYTHING} OR {condition}, false) IS NOT NULL)"
        for table, condition in WALLED.items()
    ]


def backward() -> list[str]:
    return [f"DROP POLICY wall ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY" for table in WALLED]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_realign_due"),
        ("enrollment", "0004_rollover_in_ranges"),
        ("profiles", "0006_review_process"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkEnrollment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField(db_default=incentives_portal.core.clock.DatabaseNow())),
                ("key", models.UUIDField()),
                (
                    "act",
                    models.CharField(
                        choices=[("enroll", "Enroll"), ("accept", "Accept"), ("decline", "Decline")],
                        default="enroll",
                        max_length=10,
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "again_of",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="enrollment.bulkenrollment"
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.partner"),
                ),
                (
                    "payout_profile",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="profiles.payoutprofile"
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "enrollment of many",
                "verbose_name_plural": "enrollments of many",
            },
        ),
        migrations.CreateModel(
            name="BulkEnrollmentRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("seen", models.CharField(max_length=32)),
                ("outcome", models.CharField(blank=True, max_length=30)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "enrollment",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="enrollment.enrollment"),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="enrollment.bulkenrollment"
                    ),
                ),
                (
                    "payout_profile",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="profiles.payoutprofile"
                    ),
                ),
                (
                    "tax_profile",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="profiles.taxprofile"
                    ),
                ),
            ],
            options={
                "verbose_name": "row of an enrollment of many",
                "verbose_name_plural": "rows of an enrollment of many",
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("query", models.CharField(blank=True, max_length=400)),
                ("is_shared", models.BooleanField(default=False, verbose_name="shared")),
                ("is_default", models.BooleanField(default=False, verbose_name="what the overview begins with")),
                ("created_at", models.DateTimeField(db_default=incentives_portal.core.clock.DatabaseNow())),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.partner"
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "ordering": ["name"],
            },
        ),
        migrations.AddIndex(
            model_name="bulkenrollment",
            index=models.Index(condition=models.Q(("finished_at", None)), fields=["started_at"], name="bulk_open"),
        ),
        migrations.AddIndex(
            model_name="bulkenrollment",
            index=models.Index(fields=["started_by", "-started_at"], name="bulk_of_a_person"),
        ),
        migrations.AddConstraint(
            model_name="bulkenrollment",
            constraint=models.UniqueConstraint(fields=("started_by", "key"), name="bulk_started_once"),
        ),
        migrations.AddIndex(
            model_name="bulkenrollmentrow",
            index=models.Index(condition=models.Q(("outcome", "")), fields=["job", "id"], name="bulk_rows_waiting"),
        ),
        migrations.AddIndex(
            model_name="bulkenrollmentrow",
            index=models.Index(fields=["job", "outcome"], name="bulk_rows_by_outcome"),
        ),
        migrations.AddConstraint(
            model_name="bulkenrollmentrow",
            constraint=models.UniqueConstraint(fields=("job", "enrollment"), name="bulk_row_once"),
        ),
        migrations.AddConstraint(
            model_name="bulkenrollmentrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at", None), ("outcome", "")),
                    models.Q(models.Q(("outcome", ""), _negated=True), ("done_at__isnull", False)),
                    _connector="OR",
                ),
                name="bulk_row_done_has_an_outcome",
            ),
        ),
        migrations.AddIndex(
            model_name="savedview",
            index=models.Index(condition=models.Q(("is_shared", True)), fields=["partner"], name="views_shared"),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(fields=("owner", "partner", "name"), name="view_name_once", nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("owner", "partner"), name="view_one_default", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_shared", False), ("partner__isnull", False), _connector="OR"),
                name="view_shared_within_a_partner",
            ),
        ),
        migrations.RunSQL(forward(), backward()),
    ]

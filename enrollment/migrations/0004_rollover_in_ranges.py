"""Rollover plans are made and applied range by range; what was planned before is one range."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PLANNED_BEFORE = """
UPDATE enrollment_rolloverplan SET ready_at = planned_at;
INSERT INTO enrollment_rolloverrange
    (plan_id, number, first_partner, last_partner, first_location, last_location, planned_at, applied_at, counts)
SELECT id, 0, uuid '00000000-0000-0000-0000-000000000000', uuid 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    uuid '00000000-0000-0000-0000-000000000000', uuid 'ffffffff-ffff-ffff-ffff-ffffffffffff', planned_at, applied_at, '{}'
FROM enrollment_rolloverplan;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0003_wall"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RolloverRange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("first_partner", models.UUIDField(default=uuid.UUID("00000000-0000-0000-0000-000000000000"))),
                ("last_partner", models.UUIDField(default=uuid.UUID("ffffffff-ffff-ffff-ffff-ffffffffffff"))),
                ("first_location", models.UUIDField(default=uuid.UUID("00000000-0000-0000-0000-000000000000"))),
                ("last_location", models.UUIDField(default=uuid.UUID("ffffffff-ffff-ffff-ffff-ffffffffffff"))),
                ("planned_at", models.DateTimeField(null=True)),
                ("applied_at", models.DateTimeField(null=True)),
                ("counts", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "range of a rollover plan",
                "verbose_name_plural": "ranges of a rollover plan",
            },
        ),
        migrations.RemoveConstraint(
            model_name="rolloverline",
            name="line_once",
        ),
        migrations.RemoveIndex(
            model_name="rolloverline",
            name="lines_to_apply",
        ),
        migrations.RemoveField(
            model_name="rolloverline",
            name="applied_at",
        ),
        migrations.AddField(
            model_name="rolloverplan",
            name="paused_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="rolloverplan",
            name="ready_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="rolloverplan",
            name="started_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="rolloverplan",
            name="totals",
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("invitation", "Invitation"),
                    ("assign_admin", "Incentives admin missing"),
                    ("rejected", "Validation rejected"),
                    ("enrolled", "Enrolled"),
                    ("reminder", "Reminder"),
                    ("not_continued", "Not continued"),
                    ("held", "Continued, something is missing"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="rolloverline",
            name="enrollment",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="enrollment.enrollment"
            ),
        ),
        migrations.AlterField(
            model_name="rolloverline",
            name="plan",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="enrollment.rolloverplan"
            ),
        ),
        migrations.AddIndex(
            model_name="rolloverline",
            index=models.Index(fields=["plan", "verdict", "reason", "id"], name="lines_by_verdict"),
        ),
        migrations.AddConstraint(
            model_name="rolloverline",
            constraint=models.UniqueConstraint(fields=("enrollment", "plan"), name="line_once"),
        ),
        migrations.AddField(
            model_name="rolloverrange",
            name="plan",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="ranges", to="enrollment.rolloverplan"
            ),
        ),
        migrations.RunSQL(PLANNED_BEFORE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="rolloverplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("approved_at", None), ("ready_at__isnull", False), _connector="OR"),
                name="plan_approved_when_ready",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolloverplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("started_at", None), ("approved_at__isnull", False), _connector="OR"),
                name="plan_started_after_approval",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolloverrange",
            constraint=models.UniqueConstraint(fields=("plan", "number"), name="range_once"),
        ),
        migrations.AddConstraint(
            model_name="rolloverrange",
            constraint=models.CheckConstraint(
                condition=models.Q(("applied_at", None), ("planned_at__isnull", False), _connector="OR"),
                name="range_applied_after_planning",
            ),
        ),
    ]

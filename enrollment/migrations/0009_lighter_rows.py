"""Fewer and better placed indexes for rows that come by the hundred thousand.

Away go indexes that another one begins like or nobody asks, and foreign keys that a composite one implies. The unique ones begin
with the location: what a partner's locations have lies together, so that a rollover touches few pages of them.

A composite key says nothing of a row where one of its columns is empty. Of those three columns only the location may be, so that
a check takes over what the tax profile's own key refused.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_names_are_not_shadowed"),
        ("enrollment", "0008_rollover_compared"),
        ("profiles", "0010_most_urgent_first"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="enrollment",
            name="enrollment_once",
        ),
        migrations.RemoveConstraint(
            model_name="enrollment",
            name="enrollment_one_live",
        ),
        migrations.AlterField(
            model_name="enrollment",
            name="accepted_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="enrollment",
            name="declined_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="enrollment",
            name="location",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="enrollments",
                to="accounts.location",
            ),
        ),
        migrations.AlterField(
            model_name="enrollment",
            name="partner",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="enrollments", to="accounts.partner"
            ),
        ),
        migrations.AlterField(
            model_name="enrollment",
            name="payout_profile",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="enrollments",
                to="profiles.payoutprofile",
            ),
        ),
        migrations.AlterField(
            model_name="enrollment",
            name="program",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="enrollments", to="enrollment.program"
            ),
        ),
        migrations.AlterField(
            model_name="enrollment",
            name="submitted_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="enrollment",
            name="tax_profile",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="enrollments",
                to="profiles.taxprofile",
            ),
        ),
        migrations.AlterField(
            model_name="statuschange",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="statuschange",
            name="enrollment",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="enrollment.enrollment"
            ),
        ),
        migrations.AddConstraint(
            model_name="enrollment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("location__isnull", False)),
                fields=("location", "program", "fiscal_year"),
                name="enrollment_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrollment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("declined_at", None), ("ended_at", None), ("invited_at__isnull", False)),
                fields=("location", "program"),
                name="enrollment_one_live",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrollment",
            constraint=models.CheckConstraint(
                condition=models.Q(("tax_profile", None), ("location__isnull", False), _connector="OR"),
                name="tax_profile_needs_location",
            ),
        ),
        migrations.AddIndex(
            model_name="enrollment",
            index=models.Index(fields=["program", "fiscal_year"], name="enrollment_of_program"),
        ),
    ]

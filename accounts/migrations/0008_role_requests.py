"""Asking for a role, and which locations a role listed until when."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import incentives_portal.core.clock

# So far a change of locations was a new role: each row has been listed since its role was granted.
LISTED_SINCE = """
UPDATE accounts_rolelocation row SET listed_at = role.granted_at
FROM accounts_roleassignment role WHERE role.id = row.assignment_id;
"""
# No row can join two partners, from raw SQL neither (rule ACC-8).
ONE_PARTNER = """
ALTER TABLE accounts_formerrolelocation ADD CONSTRAINT formerrolelocation_assignment_partner
    FOREIGN KEY (assignment_id, partner_id) REFERENCES accounts_roleassignment (id, partner_id) DEFERRABLE;
ALTER TABLE accounts_formerrolelocation ADD CONSTRAINT formerrolelocation_location_partner
    FOREIGN KEY (location_id, partner_id) REFERENCES accounts_location (id, partner_id) DEFERRABLE;
ALTER TABLE accounts_rolerequest ADD CONSTRAINT rolerequest_membership_partner
    FOREIGN KEY (membership_id, partner_id) REFERENCES accounts_membership (id, partner_id) DEFERRABLE;
"""
ANY_PARTNER = """
ALTER TABLE accounts_formerrolelocation DROP CONSTRAINT formerrolelocation_assignment_partner;
ALTER TABLE accounts_formerrolelocation DROP CONSTRAINT formerrolelocation_location_partner;
ALTER TABLE accounts_rolerequest DROP CONSTRAINT rolerequest_membership_partner;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_sessions_end_and_tokens_retire"),
    ]

    operations = [
        migrations.AddField(
            model_name="rolelocation",
            name="listed_at",
            field=models.DateTimeField(db_default=incentives_portal.core.clock.DatabaseNow(), verbose_name="listed"),
        ),
        migrations.CreateModel(
            name="FormerRoleLocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("listed_at", models.DateTimeField(verbose_name="listed")),
                (
                    "unlisted_at",
                    models.DateTimeField(db_default=incentives_portal.core.clock.DatabaseNow(), verbose_name="no longer listed"),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="formerly_listed", to="accounts.roleassignment"
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.location",
                        verbose_name="location",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.partner"),
                ),
            ],
            options={
                "verbose_name": "former location of a role",
                "verbose_name_plural": "former locations of a role",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("unlisted_at__gte", models.F("listed_at"))), name="unlisted_after_listed"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RoleRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("global_admin", "Global admin"),
                            ("account_admin", "Account admin"),
                            ("incentives_admin", "Incentives admin"),
                            ("incentives_user", "Incentives user"),
                        ],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                ("entire_organization", models.BooleanField(default=False, verbose_name="entire organization")),
                (
                    "location_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), blank=True, default=list, size=None, verbose_name="locations"
                    ),
                ),
                ("program_code", models.CharField(blank=True, max_length=20, verbose_name="program")),
                ("words", models.TextField(blank=True, max_length=1000, verbose_name="words")),
                ("asked_at", models.DateTimeField(db_default=incentives_portal.core.clock.DatabaseNow(), verbose_name="asked")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("granted", "Request granted"),
                            ("declined", "Request declined"),
                            ("withdrawn", "Request withdrawn"),
                        ],
                        max_length=10,
                        verbose_name="answer",
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_requests",
                        to="accounts.membership",
                        verbose_name="member",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.partner", verbose_name="partner"
                    ),
                ),
            ],
            options={
                "verbose_name": "role request",
                "verbose_name_plural": "role requests",
                "indexes": [models.Index(condition=models.Q(("answered_at", None)), fields=["partner"], name="role_request_open")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at", None)), fields=("membership", "role"), name="role_request_open_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None)),
                            models.Q(("answered_at__isnull", False), models.Q(("answer", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="role_request_answered_or_open",
                    ),
                ],
            },
        ),
        migrations.RunSQL(LISTED_SINCE, migrations.RunSQL.noop),
        migrations.RunSQL(ONE_PARTNER, ANY_PARTNER),
    ]

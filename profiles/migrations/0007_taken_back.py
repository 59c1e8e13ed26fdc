"""What is taken back counts no more: the reported version and those built on it, with their validations (rule PAY-5)."""

import django.db.models.deletion
from django.db import migrations, models

# Reports that were settled so before.
VERSIONS = """
UPDATE profiles_payoutprofileversion v SET taken_back_by_id = a.id
FROM profiles_bankalarm a JOIN profiles_payoutprofileversion reported ON reported.id = a.version_id
WHERE a.outcome = 'taken_back' AND v.profile_id = a.profile_id AND v.number >= reported.number AND v.created_at <= a.settled_at
"""
VALIDATIONS = """
UPDATE profiles_validation d
SET decision = 'taken_back', decided_at = a.settled_at, decided_by_id = a.settled_by_id, claimed_by_id = NULL, claimed_until = NULL
FROM profiles_payoutprofileversion v JOIN profiles_bankalarm a ON a.id = v.taken_back_by_id
WHERE d.payout_version_id = v.id AND d.decision <> 'rejected'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0006_review_process"),
    ]

    operations = [
        migrations.AddField(
            model_name="payoutprofileversion",
            name="taken_back_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="took_back", to="profiles.bankalarm"
            ),
        ),
        migrations.AlterField(
            model_name="validation",
            name="decision",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Undecided"),
                    ("approved", "Approved"),
                    ("rejected", "Rejected"),
                    ("superseded", "Superseded by a newer version"),
                    ("taken_back", "The change was taken back"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.RunSQL([VERSIONS, VALIDATIONS], migrations.RunSQL.noop),
    ]

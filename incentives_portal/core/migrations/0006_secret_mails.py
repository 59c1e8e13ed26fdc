"""Mails with a link that lets in whoever has it keep no text once they are done; those that are done already lose it now."""

from django.db import migrations, models

KINDS = "'team_invitation', 'sign_in', 'provisioned', 'bank_changed'"
FORGET = f"""
UPDATE core_mail SET is_secret = true, text = CASE WHEN state = 'owed' THEN text ELSE '' END,
    html = CASE WHEN state = 'owed' THEN html ELSE '' END WHERE kind IN ({KINDS});
"""  # noqa: S608 - constants of this module


class Migration(migrations.Migration):
    dependencies = [("core", "0005_interrupted_runs")]
    operations = [
        migrations.AddField("mail", "is_secret", models.BooleanField(db_default=False, default=False)),
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
    ]

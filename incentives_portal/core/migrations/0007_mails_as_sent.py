"""Mails are stored as they go over the wire, and dead letters are found at once (rule INV-6)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0005_interrupted_runs"), ("core", "0006_secret_mails")]

    operations = [
        migrations.AddField(model_name="mail", name="message", field=models.BinaryField(null=True)),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(models.F("due_at"), condition=models.Q(("state", "dead")), name="mail_dead"),
        ),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(models.F("sent_at"), condition=models.Q(("state", "sent")), name="mail_sent"),
        ),
    ]

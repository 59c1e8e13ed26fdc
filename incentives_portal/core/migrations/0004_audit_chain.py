"""The audit log as a chain: seals that are append-only, and a queue that only a seal empties (rule OPS-3)."""

import uuid

from django.db import migrations, models

import incentives_portal.core.request_ids
import incentives_portal.core.secrets

# They run with their owner's rights, so that the application's role needs none on the queue but to read it.
FORWARD = """
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_queue_is_kept BEFORE UPDATE OR TRUNCATE ON core_auditpending
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
-- Within a trigger, that is by `sealed_audit_entries`, and never by a statement of its own.
CREATE TRIGGER audit_queue_is_emptied_by_seals BEFORE DELETE ON core_auditpending
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_key_is_kept BEFORE DELETE OR TRUNCATE ON core_auditkey
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE FUNCTION queue_audit_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO core_auditpending (entry_id) SELECT id FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_entries_wait AFTER INSERT ON core_auditentry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION queue_audit_entries();

CREATE FUNCTION take_audit_seals() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first bigint; last bigint; number bigint; waited bigint; before bigint;
BEGIN
    SELECT min(sequence), max(sequence), count(*) INTO first, last, number FROM added;
    IF number = 0 THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(max(sequence), 0) INTO before FROM core_auditseal WHERE sequence < first;
    IF first <> before + 1 OR last <> before + number OR EXISTS (SELECT FROM core_auditseal WHERE sequence > last) THEN
        RAISE EXCEPTION 'a seal takes the next place of the audit chain' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    DELETE FROM core_auditpending USING added WHERE core_auditpending.entry_id = added.entry_id;
    GET DIAGNOSTICS waited = ROW_COUNT;
    IF waited <> number THEN
        RAISE EXCEPTION 'a seal is for an audit entry that waits for one' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_seals_are_next AFTER INSERT ON core_auditseal REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION take_audit_seals();

-- What was written before there was a chain is sealed first.
INSERT INTO core_auditpending (entry_id) SELECT id FROM core_auditentry;
"""
BACKWARD = """
DROP TRIGGER audit_entries_wait ON core_auditentry;
DROP TRIGGER audit_seals_are_next ON core_auditseal;
DROP TRIGGER audit_seals_append_only ON core_auditseal;
DROP TRIGGER audit_key_is_kept ON core_auditkey;
DROP TRIGGER audit_queue_is_kept ON core_auditpending;
DROP TRIGGER audit_queue_is_emptied_by_seals ON core_auditpending;
DROP FUNCTION queue_audit_entries();
DROP FUNCTION take_audit_seals();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0003_audit_is_append_only")]
    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="request_id",
            field=models.UUIDField(default=incentives_portal.core.request_ids.current),
        ),
        migrations.CreateModel(
            name="AuditPending",
            fields=[("entry_id", models.BigIntegerField(primary_key=True, serialize=False))],
            options={"verbose_name": "unsealed audit entry", "verbose_name_plural": "unsealed audit entries"},
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.BigIntegerField(unique=True)),
                ("digest", models.BinaryField(max_length=32)),
            ],
            options={
                "verbose_name": "audit seal",
                "verbose_name_plural": "audit seals",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("sequence__gte", 1)), name="audit_seal_from_one"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("only", models.BooleanField(default=True, unique=True)),
                ("key", incentives_portal.core.secrets.EncryptedTextField()),
            ],
            options={
                "verbose_name": "key of the audit chain",
                "verbose_name_plural": "key of the audit chain",
                "constraints": [models.CheckConstraint(condition=models.Q(("only", True)), name="audit_key_is_one")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]

"""Nobody belongs to a partner and decides for the operator, whoever asks and however: they would decide on their own request.

Both sides lock the person, a membership weakly and an operator's role fully: of two that come at the same moment the second
waits for the first and sees it. Who had left a partner may become the operator's.

`stays_out`: who was suspended by hand before the directory provisioned them.
"""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION refuse_both_sides() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a person belongs to a partner or to the operator, not to both'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'operators_people_belong_to_no_partner';
END $$;

CREATE FUNCTION joins_partner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM accounts_user WHERE id = NEW.user_id FOR KEY SHARE;
    IF EXISTS (SELECT FROM accounts_operatorassignment WHERE user_id = NEW.user_id)
        OR EXISTS (SELECT FROM accounts_user WHERE id = NEW.user_id AND is_superuser) THEN
        PERFORM refuse_both_sides();
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION joins_operator() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person uuid := CASE TG_TABLE_NAME WHEN 'accounts_user' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(NEW) ->> 'user_id' END;
BEGIN
    PERFORM 1 FROM accounts_user WHERE id = person FOR UPDATE;
    IF EXISTS (SELECT FROM accounts_membership WHERE user_id = person AND removed_at IS NULL) THEN
        PERFORM refuse_both_sides();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER operators_people_belong_to_no_partner AFTER INSERT OR UPDATE OF user_id, removed_at ON accounts_membership
    FOR EACH ROW WHEN (NEW.removed_at IS NULL) EXECUTE FUNCTION joins_partner();
CREATE TRIGGER operators_people_belong_to_no_partner AFTER INSERT OR UPDATE OF user_id ON accounts_operatorassignment
    FOR EACH ROW EXECUTE FUNCTION joins_operator();
CREATE TRIGGER operators_people_belong_to_no_partner AFTER UPDATE OF is_superuser ON accounts_user
    FOR EACH ROW WHEN (NEW.is_superuser AND NOT OLD.is_superuser) EXECUTE FUNCTION joins_operator();
"""
BACKWARD = """
DROP TRIGGER operators_people_belong_to_no_partner ON accounts_user;
DROP TRIGGER operators_people_belong_to_no_partner ON accounts_operatorassignment;
DROP TRIGGER operators_people_belong_to_no_partner ON accounts_membership;
DROP FUNCTION joins_operator();
DROP FUNCTION joins_partner();
DROP FUNCTION refuse_both_sides();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_realign_due")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AddField("directoryperson", "stays_out", models.BooleanField(db_default=False, default=False)),
        migrations.AlterField("user", "is_staff", models.BooleanField(default=False, editable=False)),
    ]

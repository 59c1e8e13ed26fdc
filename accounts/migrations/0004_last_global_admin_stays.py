"""The last active global admin of a partner stays, whoever asks and however (rule ACC-4).

Deferred to the end of the transaction, so that a role can be ended and given anew in one. The partner's row is locked
first: two admins who demote each other at the same moment are checked one after the other. An admin without an expiry
date can only be replaced by another without one, else the partner would lose its last one by the mere passing of time.
The day is UTC's with one day to spare: the services are the ones that know the operator's time zone.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION require_global_admin(of_partner uuid, lasting boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM accounts_partner WHERE id = of_partner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM 1 FROM accounts_roleassignment held
        JOIN accounts_membership member ON member.id = held.membership_id
        JOIN accounts_user person ON person.id = member.user_id
        WHERE held.partner_id = of_partner AND held.role = 'global_admin' AND held.ended_at IS NULL
            AND (held.expires_on IS NULL OR NOT lasting AND held.expires_on >= portal_today('UTC') - 1)
            AND member.suspended_at IS NULL AND person.is_active;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the last active global admin of a partner can be neither removed nor demoted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'last_global_admin_stays';
    END IF;
END $$;

CREATE FUNCTION global_admin_role_lost() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.expires_on IS NULL OR OLD.expires_on > portal_today('UTC') + 1 THEN
        PERFORM require_global_admin(OLD.partner_id, OLD.expires_on IS NULL);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION global_admin_person_lost() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM require_global_admin(held.partner_id, held.expires_on IS NULL)
        FROM accounts_roleassignment held
        JOIN accounts_membership member ON member.id = held.membership_id
        WHERE (CASE TG_TABLE_NAME WHEN 'accounts_user' THEN member.user_id ELSE member.id END) = OLD.id
            AND held.role = 'global_admin' AND held.ended_at IS NULL
            AND (held.expires_on IS NULL OR held.expires_on > portal_today('UTC') + 1)
        ORDER BY held.partner_id;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER last_global_admin_stays AFTER UPDATE OR DELETE ON accounts_roleassignment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.role = 'global_admin' AND OLD.ended_at IS NULL)
    EXECUTE FUNCTION global_admin_role_lost();
CREATE CONSTRAINT TRIGGER last_global_admin_stays AFTER UPDATE ON accounts_membership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.suspended_at IS NULL AND NEW.suspended_at IS NOT NULL)
    EXECUTE FUNCTION global_admin_person_lost();
CREATE CONSTRAINT TRIGGER last_global_admin_stays AFTER UPDATE ON accounts_user
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active)
    EXECUTE FUNCTION global_admin_person_lost();
"""
BACKWARD = """
DROP TRIGGER last_global_admin_stays ON accounts_user;
DROP TRIGGER last_global_admin_stays ON accounts_membership;
DROP TRIGGER last_global_admin_stays ON accounts_roleassignment;
DROP FUNCTION global_admin_person_lost();
DROP FUNCTION global_admin_role_lost();
DROP FUNCTION require_global_admin(uuid, boolean);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_membership_removed_at")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

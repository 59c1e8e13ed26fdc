"""What the triggers of people and roles look at, whoever asks and however (rules ACC-4, VAL-2).

Their functions look for tables in the portal's schema first: a temporary table of the same name must not answer in its place.
And a membership that is handed to somebody else takes its global admin away as a suspension does.
"""

from django.db import migrations

FUNCTIONS = (
    "require_global_admin(uuid, boolean)",
    "global_admin_role_lost()",
    "global_admin_person_lost()",
    "keep_former_address()",
    "refuse_both_sides()",
    "joins_partner()",
    "joins_operator()",
)
TRIGGER = """
DROP TRIGGER last_global_admin_stays ON accounts_membership;
CREATE CONSTRAINT TRIGGER last_global_admin_stays AFTER UPDATE ON accounts_membership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.suspended_at IS NULL AND ({lost}))
    EXECUTE FUNCTION global_admin_person_lost();
"""
SUSPENDED = "NEW.suspended_at IS NOT NULL"
HANDED_ON = "(NEW.user_id, NEW.partner_id) IS DISTINCT FROM (OLD.user_id, OLD.partner_id)"
FORWARD = [
    *(f"ALTER FUNCTION {name} SET search_path = public, pg_temp" for name in FUNCTIONS),
    TRIGGER.format(lost=f"{SUSPENDED} OR {HANDED_ON}"),
]
BACKWARD = [TRIGGER.format(lost=SUSPENDED), *(f"ALTER FUNCTION {name} RESET search_path" for name in FUNCTIONS)]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_both_sides_and_who_stays_out")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

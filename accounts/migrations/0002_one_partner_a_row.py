"""Composite foreign keys: no row can join two partners, from raw SQL neither (rule ACC-8)."""

from django.db import migrations

FORWARD = """
ALTER TABLE accounts_roleassignment ADD CONSTRAINT roleassignment_membership_partner
    FOREIGN KEY (membership_id, partner_id) REFERENCES accounts_membership (id, partner_id) DEFERRABLE;
ALTER TABLE accounts_rolelocation ADD CONSTRAINT rolelocation_assignment_partner
    FOREIGN KEY (assignment_id, partner_id) REFERENCES accounts_roleassignment (id, partner_id) DEFERRABLE;
ALTER TABLE accounts_rolelocation ADD CONSTRAINT rolelocation_location_partner
    FOREIGN KEY (location_id, partner_id) REFERENCES accounts_location (id, partner_id) DEFERRABLE;
"""
BACKWARD = """
ALTER TABLE accounts_roleassignment DROP CONSTRAINT roleassignment_membership_partner;
ALTER TABLE accounts_rolelocation DROP CONSTRAINT rolelocation_assignment_partner;
ALTER TABLE accounts_rolelocation DROP CONSTRAINT rolelocation_location_partner;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

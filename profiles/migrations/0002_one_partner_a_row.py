"""Composite foreign keys: no row can join two partners, from raw SQL neither (rule ACC-8)."""

from django.db import migrations

FORWARD = """
ALTER TABLE profiles_taxprofile ADD CONSTRAINT taxprofile_location_partner
    FOREIGN KEY (location_id, partner_id) REFERENCES accounts_location (id, partner_id) DEFERRABLE;
ALTER TABLE profiles_defaultbankprofile ADD CONSTRAINT defaultbankprofile_location_partner
    FOREIGN KEY (location_id, partner_id) REFERENCES accounts_location (id, partner_id) DEFERRABLE;
ALTER TABLE profiles_defaultbankprofile ADD CONSTRAINT defaultbankprofile_payout_profile_partner
    FOREIGN KEY (payout_profile_id, partner_id) REFERENCES profiles_payoutprofile (id, partner_id) DEFERRABLE;
"""
BACKWARD = """
ALTER TABLE profiles_taxprofile DROP CONSTRAINT taxprofile_location_partner;
ALTER TABLE profiles_defaultbankprofile DROP CONSTRAINT defaultbankprofile_location_partner;
ALTER TABLE profiles_defaultbankprofile DROP CONSTRAINT defaultbankprofile_payout_profile_partner;
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

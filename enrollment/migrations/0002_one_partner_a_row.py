"""Composite foreign keys: no row can join two partners, from raw SQL neither (rule ACC-8)."""

from django.db import migrations

FORWARD = """
ALTER TABLE enrollment_enrollment ADD CONSTRAINT enrollment_location_partner
    FOREIGN KEY (location_id, partner_id) REFERENCES accounts_location (id, partner_id) DEFERRABLE;
ALTER TABLE enrollment_enrollment ADD CONSTRAINT enrollment_payout_profile_partner
    FOREIGN KEY (payout_profile_id, partner_id) REFERENCES profiles_payoutprofile (id, partner_id) DEFERRABLE;
ALTER TABLE enrollment_enrollment ADD CONSTRAINT enrollment_tax_profile_location
    FOREIGN KEY (tax_profile_id, location_id) REFERENCES profiles_taxprofile (id, location_id) DEFERRABLE;
ALTER TABLE enrollment_agreement ADD CONSTRAINT agreement_location_partner
    FOREIGN KEY (location_id, partner_id) REFERENCES accounts_location (id, partner_id) DEFERRABLE;
ALTER TABLE enrollment_designation ADD CONSTRAINT designation_location_partner
    FOREIGN KEY (location_id, partner_id) REFERENCES accounts_location (id, partner_id) DEFERRABLE;
ALTER TABLE enrollment_eligibilitydecision ADD CONSTRAINT eligibilitydecision_location_partner
    FOREIGN KEY (location_id, partner_id) REFERENCES accounts_location (id, partner_id) DEFERRABLE;
"""
BACKWARD = """
ALTER TABLE enrollment_enrollment DROP CONSTRAINT enrollment_location_partner;
ALTER TABLE enrollment_enrollment DROP CONSTRAINT enrollment_payout_profile_partner;
ALTER TABLE enrollment_enrollment DROP CONSTRAINT enrollment_tax_profile_location;
ALTER TABLE enrollment_agreement DROP CONSTRAINT agreement_location_partner;
ALTER TABLE enrollment_designation DROP CONSTRAINT designation_location_partner;
ALTER TABLE enrollment_eligibilitydecision DROP CONSTRAINT eligibilitydecision_location_partner;
"""


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

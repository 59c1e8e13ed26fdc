"""Bank and tax rows are shown to their own partner's requests alone, whatever a query asks for (rule ACC-8).

The owner of the tables, as whom migrations run, sees everything.
"""

from django.db import migrations

# Run once per statement, as they name no column. A setting that was never made, or is empty, shows nothing.
EVERYTHING = "(SELECT current_setting('portal.sees', true) = 'everything')"
PARTNER = "(SELECT nullif(nullif(current_setting('portal.sees', true), ''), 'everything')::uuid)"
OF_A_PARTNER = (
    "profiles_payoutprofile",
    "profiles_taxprofile",
    "profiles_validation",
    "profiles_defaultbankprofile",
    "profiles_bankalarm",
    "profiles_taxdocument",
)
PART_OF = {
    "profiles_payoutprofileversion": ("profile_id", "profiles_payoutprofile"),
    "profiles_taxprofileversion": ("profile_id", "profiles_taxprofile"),
    "profiles_taxdocumentcontent": ("document_id", "profiles_taxdocument"),
    "profiles_validationreason": ("validation_id", "profiles_validation"),
    "profiles_validationcheck": ("validation_id", "profiles_validation"),
}


def forward() -> list[str]:
    conditions = dict.fromkeys(OF_A_PARTNER, f"partner_id = {PARTNER}")
    conditions |= {table: f"EXISTS (SELECT FROM {of} whole WHERE whole.id = {column})" for table, (column, of) in PART_OF.items()}
    # The planner takes an OR for a coin toss, and IS NOT NULL to hold for nearly all rows; the second is right, since the
    # query itself asks for no others. It sorted an operator's overview on disk.
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY wall ON {table} USING (nullif({EVERYTHING} OR {condition}, false) IS NOT NULL)"
        for table, condition in conditions.items()
    ]


def backward() -> list[str]:
    return [f"DROP POLICY wall ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY" for table in (*OF_A_PARTNER, *PART_OF)]


class Migration(migrations.Migration):
    dependencies = [("profiles", "0004_tax_documents")]
    operations = [migrations.RunSQL(forward(), backward())]

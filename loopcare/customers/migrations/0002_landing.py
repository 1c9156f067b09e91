"""Customers who come a million at once: their region is asked for once a statement; two indexes nobody reads go."""

import django.db.models.deletion
from django.db import migrations, models

from loopcare.common.database import checked_references, kept_references

# Arguments in threes: a column of the rows that landed, the table it names a row of, and that table's key. Planned at
# every call and by the index: a plan that was made while the table was small would be kept, and read all of it a row.
CHECK_REFERENCES = """
CREATE FUNCTION loopcare_check_references() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    stray text;
BEGIN
    FOR place IN 0 .. TG_NARGS - 1 BY 3 LOOP
        EXECUTE format(
            'SELECT l.key FROM (SELECT DISTINCT %1$I AS key FROM landed WHERE %1$I IS NOT NULL) AS l
                WHERE (SELECT true FROM %2$I AS t WHERE t.%3$I = l.key LIMIT 1) IS NULL LIMIT 1',
            TG_ARGV[place], TG_ARGV[place + 1], TG_ARGV[place + 2]
        ) INTO stray;
        IF stray IS NOT NULL THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('%s: there is no %s %s = %s.', TG_TABLE_NAME, TG_ARGV[place + 1], TG_ARGV[place + 2], stray);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
"""

# Arguments: the key of the rows that go, then in twos a table and its column that may name them.
KEEP_REFERENCED = """
CREATE FUNCTION loopcare_keep_referenced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held boolean;
BEGIN
    FOR place IN 1 .. TG_NARGS - 1 BY 2 LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM gone AS g JOIN %I AS t ON t.%I = g.%I)',
            TG_ARGV[place], TG_ARGV[place + 1], TG_ARGV[0]) INTO held;
        IF held THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('A row of %s that %s names cannot be deleted.', TG_TABLE_NAME, TG_ARGV[place]);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [
        migrations.RunSQL(CHECK_REFERENCES, "DROP FUNCTION loopcare_check_references;"),
        migrations.RunSQL(KEEP_REFERENCED, "DROP FUNCTION loopcare_keep_referenced;"),
        migrations.AlterField(
            model_name="customer",
            name="region",
            field=models.ForeignKey(
                blank=True, db_column="region", db_constraint=False, db_index=False, null=True,
                on_delete=django.db.models.deletion.PROTECT, to="customers.region", verbose_name="region",
            ),
        ),
        checked_references("customers_customer", region="customers_region.code"),
        kept_references("customers_region", "code", "customers_customer.region"),
        # Codes are compared in "C" order, so the ordinary index serves what these were made for.
        migrations.RunSQL("DROP INDEX IF EXISTS customers_customer_reference_9fc96f6c_like;", migrations.RunSQL.noop),
    ]

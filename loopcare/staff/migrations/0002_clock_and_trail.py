"""The installation's clock and the refusal that append-only tables share."""

from django.db import migrations

from loopcare.common.database import append_only

FUNCTIONS = """
CREATE FUNCTION loopcare_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT clock_timestamp() + coalesce((SELECT clock_offset FROM staff_installation WHERE id = 1), '0'::interval)
$$;
CREATE FUNCTION loopcare_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial")]
    operations = [
        migrations.RunSQL(
            FUNCTIONS, "DROP FUNCTION loopcare_now; DROP FUNCTION loopcare_refuse_change CASCADE;"
        ),
        *append_only("staff_auditentry"),
    ]

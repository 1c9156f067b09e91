"""Months of signals are made ahead by a function of the owner's; pool events are append-only."""

from django.db import migrations

from loopcare.common.database import append_only

MAKE_MONTH = """
CREATE FUNCTION surveys_make_month(day date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
    first date := date_trunc('month', day)::date;
    partition text := 'surveys_signal_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'CREATE TABLE public.%I PARTITION OF public.surveys_signal FOR VALUES FROM (%L) TO (%L)',
        partition, first, (first + interval '1 month')::date
    );
    RETURN true;
EXCEPTION WHEN duplicate_table THEN
    RETURN false;  -- another process made it meanwhile
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("surveys", "0001_initial"), ("staff", "0002_clock_and_trail")]
    operations = [
        migrations.RunSQL(MAKE_MONTH, "DROP FUNCTION surveys_make_month;"),
        *append_only("surveys_poolevent"),
    ]

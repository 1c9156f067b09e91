"""Closed months of signals in files: what each file holds, and the one way to drop a month."""

import django.contrib.postgres.fields
from django.db import migrations, models

# Rows as one number, whatever their order. Two tables with equal rows are equal here; a float or a moment is written
# the same by every session.
CONTENT = """
CREATE FUNCTION surveys_content(relation regclass, columns text[], OUT rows bigint, OUT checksum text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET extra_float_digits = 1 AS $$
BEGIN
    EXECUTE format(
        $sql$SELECT count(*), coalesce(sum(('x' || left(md5(ROW(%s)::text), 16))::bit(64)::bigint::numeric), 0)::text
            FROM %s$sql$,
        (SELECT string_agg(format('%I', name), ', ' ORDER BY place)
            FROM unnest(columns) WITH ORDINALITY AS c(name, place)),
        relation
    ) INTO rows, checksum;
END $$;
"""

# The running role may not change the schema. This drops exactly one kind of table, and only what stands in a file
# unchanged and is so old that no repeat can count it: the repeat window of 90 days and 30 more after the month's end.
DROP_MONTH = """
CREATE FUNCTION surveys_drop_month(day date) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    first date := date_trunc('month', day)::date;
    partition text := 'surveys_signal_' || to_char(first, 'YYYY_MM');
    archived public.surveys_archivedmonth;
    standing record;
BEGIN
    IF (first + interval '1 month')::date + 120 > (public.loopcare_now() AT TIME ZONE 'UTC')::date THEN
        RAISE object_not_in_prerequisite_state USING MESSAGE = format('The month %s is too young to be dropped.', first);
    END IF;
    SELECT * INTO archived FROM public.surveys_archivedmonth WHERE month = first FOR UPDATE;
    IF NOT FOUND THEN
        RAISE object_not_in_prerequisite_state USING MESSAGE = format('The month %s is not archived.', first);
    END IF;
    IF archived.dropped_at IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('LOCK TABLE public.%I IN SHARE MODE', partition);
    SELECT * INTO standing FROM public.surveys_content(format('public.%I', partition)::regclass, archived.columns);
    IF (standing.rows, standing.checksum) IS DISTINCT FROM (archived.rows, archived.checksum)
        OR NOT archived.columns::text[] @> (SELECT array_agg(attname::text) FROM pg_attribute
            WHERE attrelid = 'public.surveys_signal'::regclass AND attnum > 0 AND NOT attisdropped) THEN
        RAISE object_not_in_prerequisite_state USING MESSAGE = format('The month %s changed since it was archived.', first);
    END IF;
    EXECUTE format('DROP TABLE public.%I', partition);
    UPDATE public.surveys_archivedmonth SET dropped_at = public.loopcare_now() WHERE month = first;
    RETURN archived.rows;
END $$;
"""

# As before, and a month that stands only in a file is not begun anew: what landed in it once would land again.
MAKE_MONTH = """
CREATE OR REPLACE FUNCTION surveys_make_month(day date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
    first date := date_trunc('month', day)::date;
    partition text := 'surveys_signal_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    IF EXISTS (SELECT FROM public.surveys_archivedmonth WHERE month = first AND dropped_at IS NOT NULL) THEN
        RAISE object_not_in_prerequisite_state USING MESSAGE = to_char(first, 'YYYY-MM');
    END IF;
    -- Two that make a month at once take turns, and the second finds it made: not by to_regclass, which remembers.
    PERFORM pg_advisory_xact_lock(7003);
    IF EXISTS (SELECT FROM pg_class WHERE relname = partition AND relnamespace = 'public'::regnamespace) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.surveys_signal INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
    EXECUTE format(
        'ALTER TABLE public.surveys_signal ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        partition, first, (first + interval '1 month')::date
    );
    RETURN true;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('surveys', '0004_monitoring'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArchivedMonth',
            fields=[
                ('month', models.DateField(primary_key=True, serialize=False)),
                ('rows', models.PositiveBigIntegerField()),
                ('checksum', models.CharField(db_collation='C', max_length=60)),
                ('columns', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None)),
                ('file', models.CharField(db_collation='C', max_length=200, unique=True)),
                ('sha256', models.CharField(db_collation='C', max_length=64)),
                ('size', models.PositiveBigIntegerField()),
                ('archived_at', models.DateTimeField()),
                ('dropped_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['month'],
                'constraints': [models.CheckConstraint(condition=models.Q(('month__day', 1)), name='archived_month_is_a_first')],
            },
        ),
        migrations.RunSQL(CONTENT, "DROP FUNCTION surveys_content;"),
        migrations.RunSQL(DROP_MONTH, "DROP FUNCTION surveys_drop_month;"),
        migrations.RunSQL(MAKE_MONTH, migrations.RunSQL.noop),
    ]

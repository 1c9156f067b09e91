"""Events beside ratings, rules that detect, what they detected, levels, saved mappings, replies to ingest calls."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from loopcare.common.database import append_only

# A rule sees a signal in its context. PostgreSQL leaves out every sub-query whose column a rule does not name.
SIGHTING = """
CREATE VIEW surveys_sighting AS
SELECT s.occurred_on, s.id, s.source_id, s.customer_id,
    (SELECT o.code FROM surveys_source AS o WHERE o.id = s.source_id) AS source_code, s.kind, s.channel, s.dimension, s.topic, s.raw,
    CASE WHEN s.raw ~ '^-?[0-9]+(\\.[0-9]+)?$' THEN s.raw::float8 END AS rating,
    s.perceived, s.adequate, s.desired, s.perceived - s.adequate AS gap, s.opens, s.causes, s.comment,
    s.comment <> '' AS has_comment, s.promised_at, s.closed_at, s.received_at, s.transfers, s.disputed,
    CASE WHEN s.promised_at IS NOT NULL THEN s.promised_at < coalesce(s.closed_at, loopcare_now()) END
        AS promise_overdue,
    (SELECT count(*) FROM surveys_signal AS e WHERE e.customer_id = s.customer_id AND e.opens
        AND e.kind IN ('contact', 'ticket', 'complaint')
        AND e.occurred_on > s.occurred_on - 7 AND e.occurred_on <= s.occurred_on) AS contacts_7d,
    (SELECT count(*) FROM surveys_signal AS e WHERE e.customer_id = s.customer_id AND e.opens
        AND e.kind IN ('contact', 'ticket', 'complaint')
        AND e.occurred_on > s.occurred_on - 30 AND e.occurred_on <= s.occurred_on) AS contacts_30d,
    (SELECT count(*) FROM surveys_signal AS e WHERE e.customer_id = s.customer_id AND e.opens
        AND e.kind IN ('contact', 'ticket', 'complaint') AND e.topic = s.topic AND e.topic <> ''
        AND e.occurred_on > s.occurred_on - 30 AND e.occurred_on <= s.occurred_on) AS topic_contacts_30d,
    (SELECT count(DISTINCT e.channel) FROM surveys_signal AS e WHERE e.customer_id = s.customer_id AND e.opens
        AND e.kind IN ('contact', 'ticket', 'complaint') AND e.channel <> ''
        AND e.occurred_on > s.occurred_on - 2 AND e.occurred_on <= s.occurred_on
        AND (e.occurred_at IS NULL OR s.occurred_at IS NULL
            OR e.occurred_at BETWEEN s.occurred_at - interval '1 day' AND s.occurred_at)) AS channels_1d,
    (SELECT c.brand FROM customers_customer AS c WHERE c.id = s.customer_id) AS brand,
    (SELECT coalesce(c.region, '') FROM customers_customer AS c WHERE c.id = s.customer_id) AS region,
    (SELECT c.value_tier FROM customers_customer AS c WHERE c.id = s.customer_id) AS value_tier,
    (SELECT c.activity_tier FROM customers_customer AS c WHERE c.id = s.customer_id) AS activity_tier
FROM surveys_signal AS s;
"""

# What foreign keys would say row by row, said once for a whole landing; and nobody vanishes under their signals.
CHECKED = """
CREATE FUNCTION surveys_check_landing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM landed AS s WHERE NOT EXISTS
        (SELECT FROM customers_customer AS c WHERE c.id = s.customer_id)) THEN
        RAISE foreign_key_violation USING MESSAGE = 'A signal names a customer who does not exist.';
    END IF;
    IF EXISTS (SELECT FROM (SELECT DISTINCT source_id FROM landed) AS s WHERE NOT EXISTS
        (SELECT FROM surveys_source AS c WHERE c.id = s.source_id)) THEN
        RAISE foreign_key_violation USING MESSAGE = 'A signal names a source that does not exist.';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER surveys_signal_references AFTER INSERT ON surveys_signal
    REFERENCING NEW TABLE AS landed FOR EACH STATEMENT EXECUTE FUNCTION surveys_check_landing();

CREATE FUNCTION surveys_keep_customers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone JOIN surveys_signal AS s ON s.customer_id = gone.id) THEN
        RAISE foreign_key_violation USING MESSAGE = 'A customer with signals cannot be deleted.';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_customer_has_signals AFTER DELETE ON customers_customer
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION surveys_keep_customers();
"""
UNCHECKED = """
DROP TRIGGER customers_customer_has_signals ON customers_customer;
DROP TRIGGER surveys_signal_references ON surveys_signal;
DROP FUNCTION surveys_keep_customers();
DROP FUNCTION surveys_check_landing();
"""

# A month that is made apart and then attached keeps nobody waiting; one made as a partition locks the whole table.
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

# What was found before there were rules: every opening rating below its adequate level.
FILL = """
UPDATE surveys_signal AS s SET channel = o.channel FROM surveys_source AS o WHERE o.id = s.source_id AND s.channel = '';
INSERT INTO surveys_detectionrule (code, name, kind, rule, version, enabled)
    SELECT 'low-rating', 'Low rating', 'explicit', 'gap < 0', 1, true WHERE EXISTS (SELECT FROM surveys_signal);
INSERT INTO surveys_detection (rule_id, rule_version, customer_id, signal_on, signal_no, day, source_id, channel, brand,
    region, repeat_count, detected_at)
    SELECT r.id, 1, s.customer_id, s.occurred_on, s.id, s.occurred_on, s.source_id, s.channel, c.brand,
        coalesce(c.region, ''), count(*) OVER (PARTITION BY s.customer_id ORDER BY s.occurred_on
            RANGE BETWEEN interval '89 days' PRECEDING AND CURRENT ROW), s.received_at
    FROM surveys_signal AS s JOIN customers_customer AS c ON c.id = s.customer_id
    JOIN surveys_detectionrule AS r ON r.code = 'low-rating'
    WHERE s.opens AND s.perceived < s.adequate;
UPDATE surveys_poolentry AS e SET rule_id = r.id FROM surveys_detectionrule AS r
    WHERE r.code = 'low-rating' AND e.rule_id IS NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0001_initial'),
        ('staff', '0003_api_keys'),
        ('surveys', '0002_partitions_and_trail'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Sighting',
            fields=[
                ('pk', models.CompositePrimaryKey('occurred_on', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('occurred_on', models.DateField()),
                ('source_code', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('rating', 'rating'), ('complaint', 'complaint'), ('review', 'review'), ('contact', 'contact'), ('ticket', 'ticket'), ('usage', 'usage change'), ('prediction', 'prediction')], max_length=10)),
                ('channel', models.CharField(max_length=8)),
                ('dimension', models.CharField(max_length=40)),
                ('topic', models.CharField(max_length=60)),
                ('raw', models.CharField(max_length=40)),
                ('rating', models.FloatField(null=True)),
                ('perceived', models.FloatField(null=True)),
                ('adequate', models.FloatField(null=True)),
                ('desired', models.FloatField(null=True)),
                ('gap', models.FloatField(null=True)),
                ('opens', models.BooleanField()),
                ('causes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None)),
                ('comment', models.TextField()),
                ('has_comment', models.BooleanField()),
                ('promised_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('received_at', models.DateTimeField()),
                ('transfers', models.PositiveSmallIntegerField(null=True)),
                ('disputed', models.BooleanField(null=True)),
                ('promise_overdue', models.BooleanField(null=True)),
                ('contacts_7d', models.IntegerField()),
                ('contacts_30d', models.IntegerField()),
                ('topic_contacts_30d', models.IntegerField()),
                ('channels_1d', models.IntegerField()),
                ('brand', models.CharField(max_length=40)),
                ('region', models.CharField(max_length=20)),
                ('value_tier', models.CharField(max_length=10)),
                ('activity_tier', models.CharField(choices=[('active', 'active'), ('steady', 'steady'), ('fading', 'fading'), ('silent', 'silent')], max_length=8)),
            ],
            options={
                'db_table': 'surveys_sighting',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='AdequateLevel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dimension', models.CharField(db_collation='C', max_length=40, verbose_name='dimension')),
                ('value_tier', models.CharField(blank=True, choices=[('strategic', 'strategic'), ('high', 'high'), ('core', 'core'), ('basic', 'basic')], db_collation='C', max_length=10, verbose_name='value tier')),
                ('basis', models.CharField(choices=[('stated', 'stated by the customer'), ('mapped', 'given with the file'), ('set', 'set by a supervisor'), ('learned', 'learned from what customers did'), ('source', "the source's own")], max_length=7)),
                ('level', models.FloatField(verbose_name='adequate level')),
                ('evidence', models.JSONField(blank=True, default=dict)),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('decided_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['source', 'dimension', 'value_tier', 'basis'],
            },
        ),
        migrations.CreateModel(
            name='Detection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule_version', models.PositiveSmallIntegerField()),
                ('signal_on', models.DateField()),
                ('signal_no', models.BigIntegerField()),
                ('day', models.DateField()),
                ('channel', models.CharField(choices=[('hotline', 'hotline'), ('sms', 'SMS'), ('email', 'e-mail'), ('app', 'app'), ('web', 'web'), ('shop', 'shop'), ('social', 'social'), ('scan', 'scan')], db_collation='C', max_length=8)),
                ('brand', models.CharField(blank=True, db_collation='C', max_length=40)),
                ('region', models.CharField(blank=True, db_collation='C', max_length=20)),
                ('repeat_count', models.PositiveIntegerField()),
                ('detected_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='DetectionRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(db_collation='C', max_length=40, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('kind', models.CharField(choices=[('explicit', 'explicit'), ('latent', 'latent')], max_length=8, verbose_name='kind')),
                ('rule', models.TextField(max_length=2000, verbose_name='rule')),
                ('version', models.PositiveSmallIntegerField(default=1)),
                ('enabled', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='IngestReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('idempotency_key', models.CharField(db_collation='C', max_length=80)),
                ('body_sha256', models.CharField(db_collation='C', max_length=64)),
                ('status', models.PositiveSmallIntegerField()),
                ('reply', models.BinaryField()),
                ('created_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='RuleVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveSmallIntegerField()),
                ('text', models.TextField()),
                ('enabled', models.BooleanField()),
                ('saved_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='SavedMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('text', models.TextField(verbose_name='mapping')),
                ('header', models.CharField(db_collation='C', db_index=True, max_length=64)),
                ('saved_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Watermark',
            fields=[
                ('name', models.CharField(db_collation='C', max_length=40, primary_key=True, serialize=False)),
                ('until', models.DateTimeField()),
            ],
        ),
        migrations.RemoveField(
            model_name='source',
            name='latent',
        ),
        migrations.AddField(
            model_name='import',
            name='cancel_asked',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='import',
            name='checked',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='followed_by', to='surveys.import'),
        ),
        migrations.AddField(
            model_name='import',
            name='dry_run',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='import',
            name='progress',
            field=models.FloatField(default=0, help_text='share of the file that was read, 0 to 1'),
        ),
        migrations.AddField(
            model_name='import',
            name='rows_done',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='signal',
            name='adequate_from',
            field=models.CharField(blank=True, choices=[('stated', 'stated by the customer'), ('mapped', 'given with the file'), ('set', 'set by a supervisor'), ('learned', 'learned from what customers did'), ('source', "the source's own")], db_collation='C', max_length=7),
        ),
        migrations.AddField(
            model_name='signal',
            name='channel',
            field=models.CharField(blank=True, choices=[('hotline', 'hotline'), ('sms', 'SMS'), ('email', 'e-mail'), ('app', 'app'), ('web', 'web'), ('shop', 'shop'), ('social', 'social'), ('scan', 'scan')], db_collation='C', max_length=8),
        ),
        migrations.AddField(
            model_name='signal',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='signal',
            name='disputed',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='signal',
            name='occurred_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='signal',
            name='promised_at',
            field=models.DateTimeField(help_text='by when it was to be done', null=True),
        ),
        migrations.AddField(
            model_name='signal',
            name='topic',
            field=models.CharField(blank=True, db_collation='C', max_length=60),
        ),
        migrations.AddField(
            model_name='signal',
            name='transfers',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='unknown_customers',
            field=models.CharField(choices=[('create', 'create the customer'), ('reject', 'reject the row')], default='create', max_length=6, verbose_name='unknown customers'),
        ),
        migrations.AlterField(
            model_name='poolentry',
            name='adequate',
            field=models.FloatField(null=True),
        ),
        migrations.AlterField(
            model_name='poolentry',
            name='perceived',
            field=models.FloatField(null=True),
        ),
        migrations.AlterField(
            model_name='signal',
            name='customer',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='signals', to='customers.customer'),
        ),
        migrations.AlterField(
            model_name='signal',
            name='kind',
            field=models.CharField(choices=[('rating', 'rating'), ('complaint', 'complaint'), ('review', 'review'), ('contact', 'contact'), ('ticket', 'ticket'), ('usage', 'usage change'), ('prediction', 'prediction')], max_length=10),
        ),
        migrations.AlterField(
            model_name='signal',
            name='source',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.source'),
        ),
        migrations.AlterField(
            model_name='source',
            name='kind',
            field=models.CharField(choices=[('rating', 'rating'), ('complaint', 'complaint'), ('review', 'review'), ('contact', 'contact'), ('ticket', 'ticket'), ('usage', 'usage change'), ('prediction', 'prediction')], default='rating', max_length=10),
        ),
        migrations.AddIndex(
            model_name='signal',
            index=models.Index(condition=models.Q(('promised_at__isnull', False)), fields=['promised_at'], name='signal_promised'),
        ),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['rating', 'complaint', 'review', 'contact', 'ticket', 'usage', 'prediction'])), name='source_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.CheckConstraint(condition=models.Q(('unknown_customers__in', ['create', 'reject'])), name='source_unknown_customers_known'),
        ),
        migrations.AddField(
            model_name='adequatelevel',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='adequatelevel',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='levels', to='surveys.source'),
        ),
        migrations.AddField(
            model_name='detection',
            name='customer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='detection',
            name='source',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.source'),
        ),
        migrations.AddConstraint(
            model_name='detectionrule',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['explicit', 'latent'])), name='detection_rule_kind_known'),
        ),
        migrations.AddField(
            model_name='detection',
            name='rule',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='detections', to='surveys.detectionrule'),
        ),
        migrations.AddField(
            model_name='poolentry',
            name='rule',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.detectionrule'),
        ),
        migrations.AddField(
            model_name='ingestreply',
            name='key',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='staff.apikey'),
        ),
        migrations.AddField(
            model_name='ruleversion',
            name='rule',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='surveys.detectionrule'),
        ),
        migrations.AddField(
            model_name='ruleversion',
            name='saved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='savedmapping',
            name='saved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='adequatelevel',
            constraint=models.UniqueConstraint(fields=('source', 'dimension', 'value_tier', 'basis'), name='adequate_level_once'),
        ),
        migrations.AddConstraint(
            model_name='adequatelevel',
            constraint=models.CheckConstraint(condition=models.Q(('basis__in', ['set', 'learned'])), name='adequate_level_basis_known'),
        ),
        migrations.AddConstraint(
            model_name='adequatelevel',
            constraint=models.CheckConstraint(condition=models.Q(('level__range', (0, 100))), name='adequate_level_in_range'),
        ),
        migrations.AddConstraint(
            model_name='adequatelevel',
            constraint=models.CheckConstraint(condition=models.Q(('value_tier__in', ['', 'strategic', 'high', 'core', 'basic'])), name='adequate_level_value_tier_known'),
        ),
        migrations.AddIndex(
            model_name='detection',
            index=models.Index(fields=['customer', 'day'], name='detection_by_customer'),
        ),
        migrations.AddIndex(
            model_name='detection',
            index=models.Index(fields=['day'], name='detection_by_day'),
        ),
        migrations.AddIndex(
            model_name='detection',
            index=models.Index(fields=['detected_at'], name='detection_by_time'),
        ),
        migrations.AddConstraint(
            model_name='detection',
            constraint=models.UniqueConstraint(fields=('signal_on', 'signal_no', 'rule'), name='detection_once'),
        ),
        migrations.AddConstraint(
            model_name='ingestreply',
            constraint=models.UniqueConstraint(fields=('key', 'idempotency_key'), name='ingest_reply_once'),
        ),
        migrations.RunSQL(SIGHTING, "DROP VIEW surveys_sighting;"),
        migrations.RunSQL(CHECKED, UNCHECKED),
        migrations.RunSQL(MAKE_MONTH, migrations.RunSQL.noop),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        *append_only("surveys_ruleversion"),
    ]

"""Analysis: the cause tree with its changes, readers of comments, tiers, and readings of the pool."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from loopcare.common.database import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0002_landing'),
        ('surveys', '0008_silent'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Analysis',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('causes', 'causes'), ('drivers', 'drivers'), ('hotspots', 'effort hot spots'), ('next_issue', 'next issue'), ('profile', 'profile'), ('tiers', 'tiers')], max_length=12)),
                ('scope', models.CharField(blank=True, max_length=2000)),
                ('as_of', models.DateField()),
                ('figures', models.JSONField()),
                ('seconds', models.FloatField(help_text='how long it took')),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-as_of'],
            },
        ),
        migrations.CreateModel(
            name='CauseChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(unique=True)),
                ('act', models.CharField(choices=[('added', 'added'), ('changed', 'changed'), ('merged', 'merged'), ('split', 'split'), ('retired', 'retired'), ('revived', 'taken back into use')], max_length=8)),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='CauseCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.CharField(choices=[('agent', "the case's agent"), ('text', 'read from the comment')], max_length=6)),
                ('cause', models.CharField(db_collation='C', max_length=60)),
                ('accepted', models.BooleanField(default=True)),
                ('confidence', models.FloatField(null=True)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='TextModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(unique=True)),
                ('tree_version', models.PositiveIntegerField()),
                ('card', models.JSONField()),
                ('fitted', models.BinaryField()),
                ('signature', models.CharField(db_collation='C', max_length=64)),
                ('trained_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='TierMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('activity', 'activity'), ('value', 'value')], max_length=8)),
                ('from_tier', models.CharField(blank=True, db_collation='C', max_length=10)),
                ('to_tier', models.CharField(db_collation='C', max_length=10)),
                ('moved_on', models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name='TierRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('activity', 'activity'), ('value', 'value')], max_length=8)),
                ('version', models.PositiveIntegerField()),
                ('measure', models.CharField(db_collation='C', max_length=60)),
                ('cuts', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=3)),
                ('decided_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['kind', '-version'],
            },
        ),
        migrations.AddField(
            model_name='cause',
            name='keywords',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None),
        ),
        migrations.AddField(
            model_name='cause',
            name='merged_into',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='surveys.cause'),
        ),
        migrations.AddField(
            model_name='cause',
            name='retired_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='cause',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('retired_at', None), _negated=True), _connector='OR'), name='cause_merged_is_retired'),
        ),
        migrations.AddConstraint(
            model_name='analysis',
            constraint=models.UniqueConstraint(fields=('kind', 'scope', 'as_of'), name='analysis_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='analysis',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['causes', 'drivers', 'hotspots', 'next_issue', 'profile', 'tiers'])), name='analysis_kind_known'),
        ),
        migrations.AddField(
            model_name='causechange',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='causechange',
            name='cause',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='surveys.cause'),
        ),
        migrations.AddField(
            model_name='causechange',
            name='other',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.cause'),
        ),
        migrations.AddField(
            model_name='causecode',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='causecode',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cause_codes', to='surveys.poolentry'),
        ),
        migrations.AddField(
            model_name='textmodel',
            name='trained_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='causecode',
            name='model',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.textmodel'),
        ),
        migrations.AddField(
            model_name='tiermove',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tier_moves', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='tierrule',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='tiermove',
            name='rule',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.tierrule'),
        ),
        migrations.AddConstraint(
            model_name='causechange',
            constraint=models.CheckConstraint(condition=models.Q(('act__in', ['added', 'changed', 'merged', 'split', 'retired', 'revived'])), name='cause_change_act_known'),
        ),
        migrations.AddConstraint(
            model_name='causecode',
            constraint=models.UniqueConstraint(condition=models.Q(('basis', 'agent')), fields=('entry', 'cause'), name='agent_code_once'),
        ),
        migrations.AddConstraint(
            model_name='causecode',
            constraint=models.UniqueConstraint(condition=models.Q(('basis', 'text')), fields=('entry',), name='text_code_once'),
        ),
        migrations.AddConstraint(
            model_name='causecode',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('accepted', True), ('basis', 'agent'), ('by__isnull', False), ('confidence', None), ('model', None)), models.Q(('basis', 'text'), ('by', None), ('confidence__range', (0, 1)), ('model__isnull', False)), _connector='OR'), name='cause_code_basis_known'),
        ),
        migrations.AddConstraint(
            model_name='tierrule',
            constraint=models.UniqueConstraint(fields=('kind', 'version'), name='tier_rule_version_once'),
        ),
        migrations.AddConstraint(
            model_name='tierrule',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['activity', 'value'])), name='tier_rule_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='tierrule',
            constraint=models.CheckConstraint(condition=models.Q(('cuts__0__gt', models.F('cuts__1')), ('cuts__1__gt', models.F('cuts__2')), ('cuts__len', 3)), name='tier_rule_three_falling_cuts'),
        ),
        migrations.AddIndex(
            model_name='tiermove',
            index=models.Index(fields=['moved_on', 'kind'], name='tier_move_by_day'),
        ),
        *append_only("surveys_causechange", "surveys_tiermove"),
    ]

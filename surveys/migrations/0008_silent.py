"""Models of silent dissatisfaction, with their cards, runs and audits."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from loopcare.common.database import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0002_landing'),
        ('surveys', '0007_scanning'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SilentModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(db_collation='C', max_length=40, verbose_name='name')),
                ('version', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('draft', 'draft'), ('in_use', 'in use'), ('retired', 'retired')], default='draft', max_length=8)),
                ('for_silent', models.BooleanField()),
                ('spec', models.TextField()),
                ('card', models.JSONField()),
                ('fitted', models.BinaryField()),
                ('signature', models.CharField(db_collation='C', max_length=64)),
                ('learned_from', models.CharField(help_text='the file or table it was trained on', max_length=200)),
                ('trained_at', models.DateTimeField()),
                ('trained_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name', '-version'],
            },
        ),
        migrations.CreateModel(
            name='ScoreRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('holder', models.CharField(blank=True, default='', editable=False, max_length=80)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('epoch', models.PositiveIntegerField(default=0, editable=False)),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('done', 'done'), ('dead', 'dead'), ('cancelled', 'cancelled')], default='waiting', editable=False, max_length=12)),
                ('due_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('last_error', models.TextField(blank=True, default='', editable=False)),
                ('table', models.CharField(max_length=200, verbose_name='table')),
                ('day', models.DateField()),
                ('capacity', models.PositiveIntegerField(verbose_name='callable customers')),
                ('asked', models.PositiveIntegerField(default=0, verbose_name='customers asked in the audit')),
                ('floor', models.FloatField(default=0)),
                ('every_days', models.PositiveSmallIntegerField(default=0, verbose_name='every … days')),
                ('scored', models.PositiveBigIntegerField(null=True)),
                ('silent', models.PositiveBigIntegerField(null=True)),
                ('standing', models.PositiveBigIntegerField(null=True)),
                ('entered', models.PositiveBigIntegerField(null=True)),
                ('unknown', models.PositiveBigIntegerField(default=0, help_text='whom nobody here knows, and the source refuses')),
                ('pool_new', models.PositiveBigIntegerField(default=0)),
                ('threshold', models.FloatField(null=True)),
                ('drift', models.JSONField(default=list)),
                ('seconds', models.FloatField(default=0)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('warehouse', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.warehouse')),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='surveys.silentmodel')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='AuditSample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('week', models.DateField()),
                ('drawn_on', models.DateField()),
                ('bands', models.JSONField()),
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='audit', to='surveys.scorerun')),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='audits', to='surveys.silentmodel')),
            ],
            options={
                'ordering': ['-week', '-id'],
            },
        ),
        migrations.CreateModel(
            name='SilentModelEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(max_length=20)),
                ('reason', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField()),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='surveys.silentmodel')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AuditMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(blank=True, db_collation='C', max_length=64)),
                ('band', models.PositiveSmallIntegerField()),
                ('score', models.FloatField()),
                ('chance', models.FloatField()),
                ('answered_on', models.DateField(null=True)),
                ('dissatisfied', models.BooleanField(null=True)),
                ('customer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='customers.customer')),
                ('sample', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='surveys.auditsample')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(condition=models.Q(('answered_on', None)), fields=['sample'], name='audit_member_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('customer', None), models.Q(('reference', ''), _negated=True)), models.Q(('customer__isnull', False), ('reference', '')), _connector='OR'), name='audit_member_named_once'), models.UniqueConstraint(condition=models.Q(('customer__isnull', False)), fields=('sample', 'customer'), name='audit_member_customer_once'), models.UniqueConstraint(condition=models.Q(('reference', ''), _negated=True), fields=('sample', 'reference'), name='audit_member_reference_once'), models.CheckConstraint(condition=models.Q(models.Q(('answered_on', None), ('dissatisfied', None)), models.Q(('answered_on__isnull', False), ('dissatisfied__isnull', False)), _connector='OR'), name='audit_member_answer_is_dated'), models.CheckConstraint(condition=models.Q(('chance__gt', 0), ('chance__lte', 1), ('score__range', (0, 1))), name='audit_member_drawn_by_chance')],
            },
        ),
        migrations.AddConstraint(
            model_name='silentmodel',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'in_use', 'retired'])), name='silent_model_status_known'),
        ),
        migrations.AddConstraint(
            model_name='silentmodel',
            constraint=models.UniqueConstraint(fields=('name', 'version'), name='silent_model_version_once'),
        ),
        migrations.AddConstraint(
            model_name='silentmodel',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'in_use')), fields=('name',), name='silent_model_one_in_use'),
        ),
        migrations.AddConstraint(
            model_name='silentmodel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'in_use'), _negated=True), ('for_silent', True), _connector='OR'), name='silent_model_in_use_is_for_silent'),
        ),
        migrations.AddIndex(
            model_name='scorerun',
            index=models.Index(condition=models.Q(('status__in', ('waiting', 'running'))), fields=['due_at', 'id'], name='score_run_due'),
        ),
        migrations.AddConstraint(
            model_name='scorerun',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'running', 'done', 'dead', 'cancelled'])), name='score_run_status_known'),
        ),
        migrations.AddConstraint(
            model_name='scorerun',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'running'), models.Q(('holder', ''), ('lease_until', None)), _connector='OR'), name='score_run_held_only_while_running'),
        ),
        migrations.AddConstraint(
            model_name='scorerun',
            constraint=models.CheckConstraint(condition=models.Q(('every_days__range', (0, 366))), name='score_run_within_a_year'),
        ),
        migrations.AddConstraint(
            model_name='scorerun',
            constraint=models.CheckConstraint(condition=models.Q(('floor__range', (0, 1))), name='score_run_floor_is_a_share'),
        ),
        migrations.AddConstraint(
            model_name='auditsample',
            constraint=models.UniqueConstraint(fields=('model', 'week'), name='audit_sample_once_a_week'),
        ),
        *append_only('surveys_silentmodelevent'),
    ]

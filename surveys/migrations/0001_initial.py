import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from loopcare.common.database import CreatePartitionedModel


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Cause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(db_collation='C', max_length=60, unique=True, verbose_name='code')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
                ('name_zh', models.CharField(blank=True, max_length=80, verbose_name='name in Chinese')),
            ],
            options={
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='Questionnaire',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(db_collation='C', max_length=40, unique=True, verbose_name='code')),
                ('kind', models.CharField(choices=[('csat', 'satisfaction, 1 to 5')], default='csat', max_length=8)),
                ('question_en', models.CharField(max_length=200)),
                ('question_zh', models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('holder', models.CharField(blank=True, default='', editable=False, max_length=80)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('epoch', models.PositiveIntegerField(default=0, editable=False)),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('done', 'done'), ('dead', 'dead'), ('cancelled', 'cancelled')], default='waiting', editable=False, max_length=12)),
                ('due_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('last_error', models.TextField(blank=True, default='', editable=False)),
                ('file_name', models.CharField(max_length=200)),
                ('path', models.CharField(blank=True, help_text='where the uploaded file waits', max_length=400)),
                ('sha256', models.CharField(max_length=64)),
                ('mapping', models.TextField()),
                ('counts', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ImportReject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField(help_text='row in the file; the header is row 1')),
                ('column', models.CharField(blank=True, max_length=200)),
                ('value', models.CharField(blank=True, max_length=200)),
                ('reason', models.CharField(max_length=200)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rejects', to='surveys.import')),
            ],
            options={
                'ordering': ['row', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('care', 'care'), ('case', 'a try in an open case'), ('callback', 'agreed callback'), ('survey', 'survey'), ('follow_up', 'follow-up question'), ('confirmation', 'confirmation question')], max_length=12)),
                ('key', models.CharField(db_collation='C', max_length=80, unique=True)),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='customers.customer')),
                ('questionnaire', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='surveys.questionnaire')),
            ],
        ),
        migrations.CreateModel(
            name='PoolEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('in_care', 'in care'), ('held_out', 'held out'), ('left', 'left')], default='waiting', max_length=8)),
                ('kind', models.CharField(choices=[('explicit', 'explicit'), ('latent', 'latent')], max_length=8)),
                ('channel', models.CharField(choices=[('hotline', 'hotline'), ('sms', 'SMS'), ('email', 'e-mail'), ('app', 'app'), ('web', 'web'), ('shop', 'shop'), ('social', 'social'), ('scan', 'scan')], max_length=8)),
                ('brand', models.CharField(blank=True, db_collation='C', max_length=40)),
                ('region', models.CharField(blank=True, db_collation='C', max_length=20)),
                ('value_tier', models.CharField(blank=True, choices=[('strategic', 'strategic'), ('high', 'high'), ('core', 'core'), ('basic', 'basic')], max_length=10)),
                ('activity_tier', models.CharField(blank=True, choices=[('active', 'active'), ('steady', 'steady'), ('fading', 'fading'), ('silent', 'silent')], max_length=8)),
                ('dimension', models.CharField(db_collation='C', max_length=40)),
                ('raw', models.CharField(blank=True, max_length=40)),
                ('perceived', models.FloatField()),
                ('adequate', models.FloatField()),
                ('desired', models.FloatField(null=True)),
                ('gap', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(models.F('perceived'), '-', models.F('adequate')), output_field=models.FloatField())),
                ('repeat_count', models.PositiveIntegerField(default=1)),
                ('causes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                ('comment', models.TextField(blank=True)),
                ('signal_on', models.DateField()),
                ('signal_no', models.BigIntegerField()),
                ('entered_on', models.DateField()),
                ('left_at', models.DateTimeField(blank=True, null=True)),
                ('left_reason', models.CharField(blank=True, choices=[('recovered', 'recovered'), ('expired', 'expired'), ('withdrawn', 'withdrawn'), ('erased', 'erased')], max_length=10)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pool_entries', to='customers.customer')),
            ],
        ),
        migrations.CreateModel(
            name='PoolEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(max_length=20)),
                ('reason', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField()),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='surveys.poolentry')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('rule', models.TextField(max_length=2000, verbose_name='rule')),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(db_collation='C', max_length=40, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('channel', models.CharField(choices=[('hotline', 'hotline'), ('sms', 'SMS'), ('email', 'e-mail'), ('app', 'app'), ('web', 'web'), ('shop', 'shop'), ('social', 'social'), ('scan', 'scan')], max_length=8, verbose_name='channel')),
                ('kind', models.CharField(choices=[('rating', 'rating'), ('complaint', 'complaint'), ('review', 'review'), ('contact', 'contact'), ('usage', 'usage change'), ('prediction', 'prediction')], default='rating', max_length=10)),
                ('latent', models.BooleanField(default=False)),
                ('adequate', models.DecimalField(blank=True, decimal_places=3, help_text='0 to 100; used where an answer states none', max_digits=6, null=True, verbose_name='adequate level')),
            ],
            options={
                'ordering': ['code'],
                'constraints': [models.CheckConstraint(condition=models.Q(('channel__in', ['hotline', 'sms', 'email', 'app', 'web', 'shop', 'social', 'scan'])), name='source_channel_known'), models.CheckConstraint(condition=models.Q(('adequate', None), ('adequate__range', (0, 100)), _connector='OR'), name='source_adequate_in_range')],
            },
        ),
        migrations.AddField(
            model_name='questionnaire',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.source'),
        ),
        migrations.AddField(
            model_name='poolentry',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.source'),
        ),
        migrations.AddField(
            model_name='import',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='imports', to='surveys.source'),
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.PositiveSmallIntegerField()),
                ('comment', models.TextField(blank=True, max_length=2000)),
                ('language', models.CharField(max_length=10)),
                ('answered_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField(blank=True, null=True)),
                ('taken', models.PositiveSmallIntegerField(editable=False, help_text='the score that the stages above have taken in; another one is news', null=True)),
                ('invitation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='answer', to='surveys.invitation')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('taken', None), ('taken__lt', models.F('score')), ('taken__gt', models.F('score')), _connector='OR'), fields=['id'], name='answer_news')],
                'constraints': [models.CheckConstraint(condition=models.Q(('score__range', (1, 5))), name='answer_on_the_scale')],
            },
        ),
        migrations.RunSQL("CREATE SEQUENCE surveys_signal_id;", "DROP SEQUENCE surveys_signal_id;"),
        CreatePartitionedModel(
            partition_by="occurred_on",
            name='Signal',
            fields=[
                ('pk', models.CompositePrimaryKey('occurred_on', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('id', models.BigIntegerField(db_default=models.Func(models.Value('surveys_signal_id'), function='nextval'))),
                ('occurred_on', models.DateField()),
                ('external_id', models.CharField(db_collation='C', max_length=80)),
                ('dimension', models.CharField(db_collation='C', max_length=40)),
                ('kind', models.CharField(choices=[('rating', 'rating'), ('complaint', 'complaint'), ('review', 'review'), ('contact', 'contact'), ('usage', 'usage change'), ('prediction', 'prediction')], max_length=10)),
                ('raw', models.CharField(blank=True, max_length=40)),
                ('perceived', models.FloatField(null=True)),
                ('adequate', models.FloatField(null=True)),
                ('desired', models.FloatField(null=True)),
                ('opens', models.BooleanField(default=False)),
                ('causes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                ('comment', models.TextField(blank=True)),
                ('received_at', models.DateTimeField()),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='signals', to='customers.customer')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.source')),
            ],
            options={
                'indexes': [models.Index(fields=['customer', '-occurred_on'], name='signal_by_customer'), django.contrib.postgres.indexes.BrinIndex(fields=['received_at'], name='signal_received')],
                'constraints': [models.UniqueConstraint(fields=('source', 'external_id', 'dimension', 'occurred_on'), name='signal_once'), models.CheckConstraint(condition=models.Q(models.Q(('perceived', None), ('perceived__range', (0, 100)), _connector='OR'), models.Q(('adequate', None), ('adequate__range', (0, 100)), _connector='OR'), models.Q(('desired', None), ('desired__range', (0, 100)), _connector='OR')), name='signal_levels_in_range')],
            },
        ),
        migrations.AddIndex(
            model_name='poolentry',
            index=models.Index(condition=models.Q(('status', 'left'), _negated=True), fields=['source', 'brand', 'region'], name='pool_entry_open_by_place'),
        ),
        migrations.AddConstraint(
            model_name='poolentry',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'in_care', 'held_out', 'left'])), name='pool_entry_status_known'),
        ),
        migrations.AddConstraint(
            model_name='poolentry',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'left'), _negated=True), fields=('customer',), name='pool_entry_one_open_per_customer'),
        ),
        migrations.AddConstraint(
            model_name='poolentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('left_at__isnull', False), ('status', 'left'), models.Q(('left_reason', ''), _negated=True)), models.Q(models.Q(('status', 'left'), _negated=True), ('left_at', None), ('left_reason', '')), _connector='OR'), name='pool_entry_left_when_left'),
        ),
        migrations.AddIndex(
            model_name='import',
            index=models.Index(condition=models.Q(('status__in', ('waiting', 'running'))), fields=['due_at', 'id'], name='import_due'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'running', 'done', 'dead', 'cancelled'])), name='import_status_known'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'running'), models.Q(('holder', ''), ('lease_until', None)), _connector='OR'), name='import_held_only_while_running'),
        ),
    ]

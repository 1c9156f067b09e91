import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('solved', 'Solved'), ('follow_up', 'Follow-up'), ('callback', 'Callback agreed'), ('no_answer', 'No answer'), ('busy', 'Busy'), ('cut_off', 'Cut off'), ('wrong_number', 'Wrong number'), ('refused', 'Refused this time'), ('do_not_contact', 'Do not contact')], max_length=14)),
                ('channel', models.CharField(choices=[('phone', 'phone'), ('email', 'e-mail'), ('sms', 'SMS'), ('webhook', 'app or chat')], default='phone', max_length=8)),
                ('notes', models.TextField(blank=True, max_length=20000)),
                ('cause', models.CharField(blank=True, db_collation='C', max_length=60)),
                ('action', models.CharField(blank=True, max_length=80)),
                ('booked_at', models.DateTimeField(blank=True, null=True)),
                ('at', models.DateTimeField()),
                ('key', models.CharField(db_collation='C', max_length=64, unique=True)),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('status', models.CharField(choices=[('draft', 'draft'), ('launched', 'launched'), ('paused', 'paused'), ('finished', 'finished'), ('stopped', 'stopped'), ('read', 'read out')], default='draft', max_length=8)),
                ('starts_on', models.DateField(verbose_name='starts on')),
                ('ends_on', models.DateField(verbose_name='ends on')),
                ('hold_out_share', models.DecimalField(decimal_places=3, default='0.100', max_digits=4, verbose_name='hold-out share')),
                ('agents', models.PositiveSmallIntegerField(default=1, verbose_name='agents')),
                ('hours_per_day', models.DecimalField(decimal_places=2, default=5.5, max_digits=4, verbose_name='hours per agent and day')),
                ('seed', models.CharField(max_length=32)),
                ('plan_version', models.PositiveIntegerField(default=1)),
                ('launched_at', models.DateTimeField(blank=True, null=True)),
                ('read_out_on', models.DateField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CampaignEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(max_length=20)),
                ('reason', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CampaignLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['campaign_id', 'place', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('holder', models.CharField(blank=True, default='', editable=False, max_length=80)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('epoch', models.PositiveIntegerField(default=0, editable=False)),
                ('status', models.CharField(choices=[('queued', 'queued'), ('in_hand', 'in hand'), ('waiting_internal', 'waiting for another department'), ('needs_data', 'needs data'), ('solved', 'solved'), ('closed', 'closed')], default='queued', max_length=16)),
                ('priority', models.FloatField(default=0)),
                ('due_at', models.DateTimeField()),
                ('booked_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('cause', models.CharField(blank=True, db_collation='C', max_length=60)),
                ('action', models.CharField(blank=True, max_length=80)),
                ('opened_at', models.DateTimeField()),
                ('solved_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('close_reason', models.CharField(blank=True, choices=[('confirmed', 'confirmed by the customer'), ('unconfirmed', 'not confirmed in time'), ('unreachable', 'unreachable'), ('refused', 'refused'), ('do_not_contact', 'do not contact'), ('recovered', 'recovered'), ('withdrawn', 'withdrawn')], max_length=14)),
            ],
        ),
        migrations.CreateModel(
            name='CaseEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(max_length=20)),
                ('reason', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('notes', models.TextField(blank=True, max_length=20000)),
                ('cause', models.CharField(blank=True, max_length=60)),
                ('action', models.CharField(blank=True, max_length=80)),
                ('saved_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Preview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('plan_version', models.PositiveIntegerField()),
                ('hash', models.CharField(max_length=64)),
                ('counts', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='PreviewMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('arm', models.CharField(choices=[('care', 'care'), ('hold_out', 'hold-out'), ('deferred', 'deferred')], max_length=8)),
                ('stratum', models.CharField(max_length=40)),
                ('propensity', models.FloatField()),
            ],
        ),
        migrations.CreateModel(
            name='Strategy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('kind', models.CharField(choices=[('callback', 'callback'), ('outreach', 'outreach'), ('touchpoint', 'touchpoint'), ('interview', 'interview')], max_length=10, verbose_name='kind')),
                ('guide_en', models.TextField(blank=True, help_text='one step a line', verbose_name='guide in English')),
                ('guide_zh', models.TextField(blank=True, verbose_name='guide in Chinese')),
                ('minutes', models.DecimalField(decimal_places=1, default=9, max_digits=5, verbose_name='minutes per case')),
                ('unit_cost', models.DecimalField(decimal_places=2, default=0, max_digits=8, verbose_name='cost per case')),
                ('max_tries', models.PositiveSmallIntegerField(default=4, verbose_name='tries')),
                ('first_contact_hours', models.PositiveSmallIntegerField(default=24, verbose_name='first contact within hours')),
                ('version', models.PositiveIntegerField(default=1)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('arm', models.CharField(choices=[('care', 'care'), ('hold_out', 'hold-out'), ('deferred', 'deferred')], max_length=8)),
                ('stratum', models.CharField(max_length=40)),
                ('propensity', models.FloatField()),
                ('snapshot', models.JSONField(default=dict)),
                ('assigned_at', models.DateTimeField()),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='customers.customer')),
            ],
        ),
    ]

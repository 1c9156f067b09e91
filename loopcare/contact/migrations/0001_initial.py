import django.db.models.deletion
import loopcare.customers.encryption
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ContactRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('phone', 'phone'), ('email', 'e-mail'), ('sms', 'SMS'), ('webhook', 'app or chat')], max_length=8)),
                ('from_hour', models.PositiveSmallIntegerField(default=9)),
                ('to_hour', models.PositiveSmallIntegerField(default=20)),
                ('cap', models.PositiveSmallIntegerField(default=3)),
                ('cap_days', models.PositiveSmallIntegerField(default=7)),
                ('effective_from', models.DateField()),
            ],
            options={
                'ordering': ['channel', 'effective_from'],
                'constraints': [models.UniqueConstraint(fields=('channel', 'effective_from'), name='contact_rule_once_per_day'), models.CheckConstraint(condition=models.Q(('from_hour__lt', models.F('to_hour')), ('to_hour__lte', 24)), name='contact_rule_hours_in_order')],
            },
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('phone', 'phone'), ('email', 'e-mail'), ('sms', 'SMS'), ('webhook', 'app or chat')], max_length=8)),
                ('purpose', models.CharField(choices=[('care', 'care'), ('case', 'a try in an open case'), ('callback', 'agreed callback'), ('survey', 'survey'), ('follow_up', 'follow-up question'), ('confirmation', 'confirmation question')], max_length=12)),
                ('at', models.DateTimeField()),
                ('key', models.CharField(db_collation='C', max_length=80, unique=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='customers.customer')),
            ],
            options={
                'indexes': [models.Index(fields=['customer', '-at'], name='contact_lately')],
            },
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('open_care', 'another care is open'), ('hold_out', 'held out of a campaign')], max_length=9)),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='holds', to='customers.customer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('customer', 'kind'), name='hold_once_per_kind'), models.CheckConstraint(condition=models.Q(('kind__in', ['open_care', 'hold_out'])), name='hold_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('holder', models.CharField(blank=True, default='', editable=False, max_length=80)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('epoch', models.PositiveIntegerField(default=0, editable=False)),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('done', 'done'), ('dead', 'dead'), ('cancelled', 'cancelled')], default='waiting', editable=False, max_length=12)),
                ('due_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('last_error', models.TextField(blank=True, default='', editable=False)),
                ('channel', models.CharField(choices=[('phone', 'phone'), ('email', 'e-mail'), ('sms', 'SMS'), ('webhook', 'app or chat')], max_length=8)),
                ('purpose', models.CharField(choices=[('care', 'care'), ('case', 'a try in an open case'), ('callback', 'agreed callback'), ('survey', 'survey'), ('follow_up', 'follow-up question'), ('confirmation', 'confirmation question')], max_length=12)),
                ('key', models.CharField(db_collation='C', max_length=80, unique=True)),
                ('subject', loopcare.customers.encryption.EncryptedText(null=True)),
                ('body', loopcare.customers.encryption.EncryptedText(null=True)),
                ('created_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('refused', models.CharField(blank=True, choices=[('suppressed', 'do not contact'), ('no_point', 'no number or address'), ('consent', 'consent withdrawn'), ('hold_out', 'held out'), ('open_care', 'other care is open'), ('fatigue', 'contacted too often lately'), ('night', 'outside local hours'), ('holiday', 'holiday')], max_length=12)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='customers.customer')),
                ('point', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='customers.contactpoint')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status__in', ('waiting', 'running'))), fields=['due_at', 'id'], name='message_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'running', 'done', 'dead', 'cancelled'])), name='message_status_known'), models.CheckConstraint(condition=models.Q(('status', 'running'), models.Q(('holder', ''), ('lease_until', None)), _connector='OR'), name='message_held_only_while_running')],
            },
        ),
        migrations.CreateModel(
            name='RefusedContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('phone', 'phone'), ('email', 'e-mail'), ('sms', 'SMS'), ('webhook', 'app or chat')], max_length=8)),
                ('purpose', models.CharField(choices=[('care', 'care'), ('case', 'a try in an open case'), ('callback', 'agreed callback'), ('survey', 'survey'), ('follow_up', 'follow-up question'), ('confirmation', 'confirmation question')], max_length=12)),
                ('reason', models.CharField(choices=[('suppressed', 'do not contact'), ('no_point', 'no number or address'), ('consent', 'consent withdrawn'), ('hold_out', 'held out'), ('open_care', 'other care is open'), ('fatigue', 'contacted too often lately'), ('night', 'outside local hours'), ('holiday', 'holiday')], max_length=12)),
                ('at', models.DateTimeField()),
                ('next_allowed_at', models.DateTimeField(blank=True, null=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='refused_contacts', to='customers.customer')),
            ],
            options={
                'indexes': [models.Index(fields=['customer', '-at'], name='refused_by_customer')],
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('index', models.BinaryField(help_text='blind index of the number or address', max_length=16, null=True)),
                ('channel', models.CharField(blank=True, choices=[('phone', 'phone'), ('email', 'e-mail'), ('sms', 'SMS'), ('webhook', 'app or chat')], help_text='empty: all', max_length=8)),
                ('reason', models.CharField(blank=True, max_length=120)),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='suppressions', to='customers.customer')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('customer__isnull', False), ('index__isnull', False), _connector='OR'), name='suppression_of_someone'), models.UniqueConstraint(condition=models.Q(('customer__isnull', False), ('ended_at', None)), fields=('customer', 'channel'), name='suppression_once_per_customer'), models.UniqueConstraint(condition=models.Q(('ended_at', None), ('index__isnull', False)), fields=('index', 'channel'), name='suppression_once_per_point')],
            },
        ),
    ]

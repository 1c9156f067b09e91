import django.db.models.deletion
import loopcare.customers.encryption
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Region',
            fields=[
                ('code', models.CharField(db_collation='C', max_length=20, primary_key=True, serialize=False, verbose_name='code')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('time_zone', models.CharField(max_length=40, verbose_name='time zone')),
            ],
            options={
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(db_collation='C', max_length=64, unique=True, verbose_name='reference')),
                ('name', loopcare.customers.encryption.EncryptedText(blank=True, null=True, verbose_name='name')),
                ('brand', models.CharField(blank=True, db_collation='C', max_length=40, verbose_name='brand')),
                ('language', models.CharField(blank=True, max_length=10, verbose_name='language')),
                ('value_tier', models.CharField(blank=True, choices=[('strategic', 'strategic'), ('high', 'high'), ('core', 'core'), ('basic', 'basic')], max_length=10, verbose_name='value tier')),
                ('activity_tier', models.CharField(blank=True, choices=[('active', 'active'), ('steady', 'steady'), ('fading', 'fading'), ('silent', 'silent')], max_length=8, verbose_name='activity tier')),
                ('attributes', models.JSONField(blank=True, default=dict, verbose_name='attributes')),
                ('created_at', models.DateTimeField()),
                ('region', models.ForeignKey(blank=True, db_column='region', null=True, on_delete=django.db.models.deletion.PROTECT, to='customers.region', verbose_name='region')),
            ],
        ),
        migrations.CreateModel(
            name='ContactPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('phone', 'phone'), ('email', 'e-mail')], max_length=5)),
                ('value', loopcare.customers.encryption.EncryptedText()),
                ('index', models.BinaryField(max_length=16)),
                ('last_four', models.BinaryField(help_text='blind index of the last four digits', max_length=16)),
                ('rank', models.PositiveSmallIntegerField(default=0, help_text='0 is tried first')),
                ('status', models.CharField(choices=[('ok', 'reachable'), ('dead', 'dead'), ('blocked', 'blocked')], default='ok', max_length=7)),
                ('consent', models.CharField(choices=[('unknown', 'not asked'), ('given', 'given'), ('withdrawn', 'withdrawn')], default='unknown', max_length=9)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='points', to='customers.customer')),
            ],
            options={
                'ordering': ['customer_id', 'kind', 'rank', 'id'],
                'indexes': [models.Index(fields=['index'], name='point_by_value'), models.Index(fields=['last_four'], name='point_by_last_four')],
                'constraints': [models.UniqueConstraint(fields=('customer', 'kind', 'index'), name='point_once_per_customer'), models.CheckConstraint(condition=models.Q(('kind__in', ['phone', 'email'])), name='point_kind_known'), models.CheckConstraint(condition=models.Q(('status__in', ['ok', 'dead', 'blocked'])), name='point_status_known'), models.CheckConstraint(condition=models.Q(('consent__in', ['unknown', 'given', 'withdrawn'])), name='point_consent_known')],
            },
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('reference', ''), _negated=True), name='customer_reference_given'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('value_tier__in', ['', 'strategic', 'high', 'core', 'basic'])), name='customer_value_tier_known'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('activity_tier__in', ['', 'active', 'steady', 'fading', 'silent'])), name='customer_activity_tier_known'),
        ),
    ]

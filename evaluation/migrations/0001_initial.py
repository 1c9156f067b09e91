import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('careplans', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='FollowUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('holder', models.CharField(blank=True, default='', editable=False, max_length=80)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('epoch', models.PositiveIntegerField(default=0, editable=False)),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('done', 'done'), ('dead', 'dead'), ('cancelled', 'cancelled')], default='waiting', editable=False, max_length=12)),
                ('due_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('last_error', models.TextField(blank=True, default='', editable=False)),
                ('wave', models.PositiveSmallIntegerField(choices=[(1, 'month 1'), (2, 'month 2'), (3, 'month 3')])),
                ('refused', models.CharField(blank=True, choices=[('suppressed', 'do not contact'), ('no_point', 'no number or address'), ('consent', 'consent withdrawn'), ('hold_out', 'held out'), ('open_care', 'other care is open'), ('fatigue', 'contacted too often lately'), ('night', 'outside local hours'), ('holiday', 'holiday')], max_length=12)),
            ],
        ),
        migrations.CreateModel(
            name='PanelMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('arm', models.CharField(max_length=8)),
                ('stratum', models.CharField(max_length=40)),
                ('anchored_on', models.DateField()),
                ('before', models.FloatField(null=True)),
                ('wave_1', models.FloatField(null=True)),
                ('wave_2', models.FloatField(null=True)),
                ('wave_3', models.FloatField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Estimate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(choices=[('satisfaction', 'satisfaction'), ('satisfied', 'share satisfied')], max_length=12)),
                ('wave', models.PositiveSmallIntegerField(choices=[(1, 'month 1'), (2, 'month 2'), (3, 'month 3')])),
                ('effect', models.FloatField(null=True)),
                ('se', models.FloatField(null=True)),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('inputs', models.JSONField(help_text='the sufficient statistics by arm and stratum')),
                ('method', models.CharField(max_length=40)),
                ('verdict', models.CharField(max_length=20)),
                ('read_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='estimates', to='careplans.campaign')),
            ],
        ),
    ]

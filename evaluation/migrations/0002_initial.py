import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('careplans', '0002_initial'),
        ('customers', '0001_initial'),
        ('evaluation', '0001_initial'),
        ('surveys', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='followup',
            name='invitation',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='follow_up', to='surveys.invitation'),
        ),
        migrations.AddField(
            model_name='panelmember',
            name='assignment',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='panel', to='careplans.assignment'),
        ),
        migrations.AddField(
            model_name='panelmember',
            name='campaign',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='careplans.campaign'),
        ),
        migrations.AddField(
            model_name='panelmember',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='followup',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='follow_ups', to='evaluation.panelmember'),
        ),
        migrations.AddConstraint(
            model_name='estimate',
            constraint=models.UniqueConstraint(fields=('campaign', 'metric', 'wave'), name='estimate_read_out_once'),
        ),
        migrations.AddConstraint(
            model_name='estimate',
            constraint=models.CheckConstraint(condition=models.Q(('effect', None), models.Q(('high__gte', models.F('effect')), ('low__lte', models.F('effect'))), _connector='OR'), name='estimate_interval_in_order'),
        ),
        migrations.AddIndex(
            model_name='panelmember',
            index=models.Index(fields=['campaign', 'assignment'], name='panel_by_campaign'),
        ),
        migrations.AddIndex(
            model_name='followup',
            index=models.Index(condition=models.Q(('status__in', ('waiting', 'running'))), fields=['due_at', 'id'], name='follow_up_due'),
        ),
        migrations.AddConstraint(
            model_name='followup',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'running', 'done', 'dead', 'cancelled'])), name='follow_up_status_known'),
        ),
        migrations.AddConstraint(
            model_name='followup',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'running'), models.Q(('holder', ''), ('lease_until', None)), _connector='OR'), name='follow_up_held_only_while_running'),
        ),
        migrations.AddConstraint(
            model_name='followup',
            constraint=models.UniqueConstraint(fields=('member', 'wave'), name='follow_up_once_per_wave'),
        ),
        migrations.AddConstraint(
            model_name='followup',
            constraint=models.CheckConstraint(condition=models.Q(('wave__in', [1, 2, 3])), name='follow_up_wave_known'),
        ),
    ]

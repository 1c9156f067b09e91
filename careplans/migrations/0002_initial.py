import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('careplans', '0001_initial'),
        ('customers', '0001_initial'),
        ('staff', '0001_initial'),
        ('surveys', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='assignment',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.poolentry'),
        ),
        migrations.AddField(
            model_name='attempt',
            name='agent',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='attempt',
            name='point',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='customers.contactpoint'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='campaign',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='staff.team', verbose_name='team'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='careplans.campaign'),
        ),
        migrations.AddField(
            model_name='campaignevent',
            name='actor',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='campaignevent',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='careplans.campaign'),
        ),
        migrations.AddField(
            model_name='campaignline',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='careplans.campaign'),
        ),
        migrations.AddField(
            model_name='campaignline',
            name='segment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.segment', verbose_name='segment'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='careplans.campaignline'),
        ),
        migrations.AddField(
            model_name='case',
            name='assignment',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='case', to='careplans.assignment'),
        ),
        migrations.AddField(
            model_name='case',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='careplans.campaign'),
        ),
        migrations.AddField(
            model_name='case',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='case',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.poolentry'),
        ),
        migrations.AddField(
            model_name='case',
            name='episode',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='relapses', to='careplans.case'),
        ),
        migrations.AddField(
            model_name='case',
            name='owner',
            field=models.ForeignKey(help_text='who agreed the callback', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='case',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='staff.team'),
        ),
        migrations.AddField(
            model_name='attempt',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='careplans.case'),
        ),
        migrations.AddField(
            model_name='caseevent',
            name='actor',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='caseevent',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='careplans.case'),
        ),
        migrations.AddField(
            model_name='draft',
            name='agent',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='draft',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='careplans.case'),
        ),
        migrations.AddField(
            model_name='preview',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='previews', to='careplans.campaign'),
        ),
        migrations.AddField(
            model_name='previewmember',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='previewmember',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='surveys.poolentry'),
        ),
        migrations.AddField(
            model_name='previewmember',
            name='line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='careplans.campaignline'),
        ),
        migrations.AddField(
            model_name='previewmember',
            name='preview',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='careplans.preview'),
        ),
        migrations.AddConstraint(
            model_name='strategy',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['callback', 'outreach', 'touchpoint', 'interview'])), name='strategy_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='strategy',
            constraint=models.CheckConstraint(condition=models.Q(('max_tries__gt', 0), ('minutes__gt', 0)), name='strategy_takes_time'),
        ),
        migrations.AddConstraint(
            model_name='strategy',
            constraint=models.CheckConstraint(condition=models.Q(('unit_cost__gte', 0)), name='strategy_cost_not_negative'),
        ),
        migrations.AddField(
            model_name='case',
            name='strategy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='careplans.strategy'),
        ),
        migrations.AddField(
            model_name='campaignline',
            name='strategy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='careplans.strategy', verbose_name='strategy'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'launched', 'paused', 'finished', 'stopped', 'read'])), name='campaign_status_known'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='campaign_days_in_order'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('hold_out_share__range', (0, 0.5))), name='campaign_hold_out_at_most_half'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('launched_at', None), ('read_out_on', None), ('status', 'draft')), models.Q(models.Q(('status', 'draft'), _negated=True), ('launched_at__isnull', False), ('read_out_on__isnull', False)), _connector='OR'), name='campaign_launched_has_dates'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['campaign', 'arm'], name='assignment_by_arm'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['campaign', 'id'], name='assignment_newest'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(fields=('campaign', 'customer'), name='assignment_once_per_campaign'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('arm__in', ['care', 'hold_out', 'deferred'])), name='assignment_arm_known'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('propensity__gt', 0), ('propensity__lte', 1)), name='assignment_propensity_possible'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['solved', 'follow_up', 'callback', 'no_answer', 'busy', 'cut_off', 'wrong_number', 'refused', 'do_not_contact'])), name='attempt_outcome_known'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'callback'), _negated=True), ('booked_at__isnull', False), _connector='OR'), name='attempt_callback_is_booked'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.UniqueConstraint(fields=('case', 'agent'), name='draft_once_per_agent'),
        ),
        migrations.AddConstraint(
            model_name='previewmember',
            constraint=models.UniqueConstraint(fields=('preview', 'customer'), name='preview_member_once'),
        ),
        migrations.AddConstraint(
            model_name='previewmember',
            constraint=models.CheckConstraint(condition=models.Q(('arm__in', ['care', 'hold_out', 'deferred'])), name='preview_member_arm_known'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('status', 'queued')), fields=['team', '-priority', 'due_at', 'id'], name='case_queue'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('booked_at__isnull', False), ('status', 'queued')), fields=['team', 'booked_at'], name='case_booked'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('status', 'solved')), fields=['solved_at'], name='case_solved'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('status', 'in_hand')), fields=['lease_until'], name='case_in_hand'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'in_hand', 'waiting_internal', 'needs_data', 'solved', 'closed'])), name='case_status_known'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'closed'), _negated=True), fields=('customer',), name='case_one_open_per_customer'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('status', 'closed'), models.Q(('close_reason', ''), _negated=True)), models.Q(models.Q(('status', 'closed'), _negated=True), ('close_reason', ''), ('closed_at', None)), _connector='OR'), name='case_closed_when_closed'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('status', 'in_hand'), models.Q(('holder', ''), _negated=True)), models.Q(models.Q(('status', 'in_hand'), _negated=True), ('holder', ''), ('lease_until', None)), _connector='OR'), name='case_held_only_in_hand'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'in_hand')), fields=('holder',), name='case_one_in_hand_per_holder'),
        ),
        migrations.AddConstraint(
            model_name='campaignline',
            constraint=models.UniqueConstraint(fields=('campaign', 'segment'), name='campaign_line_once_per_segment'),
        ),
    ]

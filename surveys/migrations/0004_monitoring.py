"""Daily counts, alarms and incidents; a day whose detections change says so by itself."""

import django.contrib.postgres.fields
import django.db.models.deletion
import loopcare.common.clock
from django.conf import settings
from django.db import migrations, models

from loopcare.common.database import append_only

# Whoever writes detections, a landing, a replay, an erasure: the days they touch are counted again.
CHANGES = """
CREATE FUNCTION surveys_note_changed_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO surveys_changedday (day) SELECT DISTINCT day FROM changed;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO surveys_changedday (day) SELECT day FROM former EXCEPT SELECT day FROM changed;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER surveys_detection_added AFTER INSERT ON surveys_detection
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION surveys_note_changed_days();
CREATE TRIGGER surveys_detection_removed AFTER DELETE ON surveys_detection
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION surveys_note_changed_days();
CREATE TRIGGER surveys_detection_altered AFTER UPDATE ON surveys_detection
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION surveys_note_changed_days();
INSERT INTO surveys_changedday (day) SELECT DISTINCT day FROM surveys_detection;
"""
QUIET = """
DROP TRIGGER surveys_detection_altered ON surveys_detection;
DROP TRIGGER surveys_detection_removed ON surveys_detection;
DROP TRIGGER surveys_detection_added ON surveys_detection;
DROP FUNCTION surveys_note_changed_days();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('surveys', '0003_locate'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ChangedDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('changed_at', models.DateTimeField(db_default=loopcare.common.clock.Now())),
            ],
        ),
        migrations.CreateModel(
            name='JudgedDay',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('cells', models.PositiveIntegerField()),
                ('late', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list, size=None)),
                ('judged_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('brand', models.CharField(blank=True, db_collation='C', max_length=40, null=True)),
                ('region', models.CharField(blank=True, db_collation='C', max_length=20, null=True)),
                ('channel', models.CharField(choices=[('hotline', 'hotline'), ('sms', 'SMS'), ('email', 'e-mail'), ('app', 'app'), ('web', 'web'), ('shop', 'shop'), ('social', 'social'), ('scan', 'scan')], max_length=8, null=True)),
                ('observed', models.PositiveIntegerField()),
                ('expected', models.FloatField()),
                ('lower', models.PositiveIntegerField()),
                ('upper', models.PositiveIntegerField()),
                ('p_value', models.FloatField()),
                ('phi', models.FloatField()),
                ('raised_at', models.DateTimeField()),
                ('status', models.CharField(choices=[('new', 'new'), ('acknowledged', 'acknowledged'), ('incident', 'in an incident')], default='new', max_length=12)),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('acknowledged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('source', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.source')),
            ],
            options={
                'ordering': ['-day', 'p_value', 'id'],
            },
        ),
        migrations.CreateModel(
            name='AlarmEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(max_length=20)),
                ('reason', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField()),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('alarm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='surveys.alarm')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('status', models.CharField(choices=[('open', 'open'), ('contained', 'contained'), ('closed', 'closed')], default='open', max_length=10)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-opened_at', '-id'],
            },
        ),
        migrations.AddField(
            model_name='alarm',
            name='incident',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alarms', to='surveys.incident'),
        ),
        migrations.CreateModel(
            name='IncidentEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(max_length=20)),
                ('reason', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField()),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='surveys.incident')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='IncidentNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('note', 'note'), ('done', 'done'), ('undone', 'not done after all'), ('owner', 'owner'), ('alarm', 'alarm added')], max_length=6)),
                ('text', models.CharField(max_length=2000)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='surveys.incident')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='IncidentStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phase', models.CharField(choices=[('confirm', 'Confirm'), ('explain', 'Explain'), ('contain', 'Contain'), ('mend', 'Mend'), ('learn', 'Learn')], max_length=8)),
                ('name', models.CharField(choices=[('numbers', 'The numbers are right: no file twice, no rule changed'), ('customers', 'Ten of the customers behind it were read'), ('extent', 'How many are affected, and how badly, is written down'), ('cause', 'What happened, since when and to whom is known'), ('agents', 'Agents know what to say'), ('department', 'The department that can mend it was told'), ('stop', 'The cause is stopped or worked around'), ('segment', 'The customers affected are in a segment with care'), ('mended', 'The cause is removed'), ('informed', 'Everybody affected was told or cared for'), ('usual', 'Daily counts were usual for seven days'), ('lesson', 'The cause is in the cause tree, with an action against it'), ('review', 'The incident was looked at together')], max_length=12)),
                ('due_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('done_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='surveys.incident')),
            ],
            options={
                'ordering': ['due_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='DailyCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('brand', models.CharField(blank=True, db_collation='C', max_length=40)),
                ('region', models.CharField(blank=True, db_collation='C', max_length=20)),
                ('channel', models.CharField(choices=[('hotline', 'hotline'), ('sms', 'SMS'), ('email', 'e-mail'), ('app', 'app'), ('web', 'web'), ('shop', 'shop'), ('social', 'social'), ('scan', 'scan')], db_collation='C', max_length=8)),
                ('repeat_band', models.PositiveSmallIntegerField(choices=[(1, 'once'), (2, 'twice'), (3, 'three times and more')])),
                ('count', models.PositiveIntegerField()),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.source')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('day', 'source', 'brand', 'region', 'channel', 'repeat_band'), name='daily_count_once'), models.CheckConstraint(condition=models.Q(('count__gt', 0)), name='daily_count_of_something'), models.CheckConstraint(condition=models.Q(('repeat_band__in', [1, 2, 3])), name='daily_count_repeat_band_known')],
            },
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['open', 'contained', 'closed'])), name='incident_status_known'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('status', 'closed')), models.Q(models.Q(('status', 'closed'), _negated=True), ('closed_at', None)), _connector='OR'), name='incident_closed_when_closed'),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['new', 'acknowledged', 'incident'])), name='alarm_status_known'),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.UniqueConstraint(fields=('day', 'source', 'brand', 'region', 'channel'), name='alarm_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('source__isnull', False), ('brand', None), _connector='OR'), models.Q(('brand__isnull', False), ('region', None), _connector='OR'), models.Q(('region__isnull', False), ('channel', None), _connector='OR')), name='alarm_cell_is_a_path'),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.CheckConstraint(condition=models.Q(('observed__gt', models.F('upper'))), name='alarm_is_a_rise'),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('acknowledged_at', None), ('acknowledged_by', None), models.Q(('status', 'acknowledged'), _negated=True)), models.Q(('acknowledged_at__isnull', False), ('acknowledged_by__isnull', False), models.Q(('status', 'new'), _negated=True)), _connector='OR'), name='alarm_acknowledged_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('incident__isnull', False), ('status', 'incident')), models.Q(models.Q(('status', 'incident'), _negated=True), ('incident', None)), _connector='OR'), name='alarm_in_incident_when_it_says_so'),
        ),
        migrations.AddConstraint(
            model_name='incidentstep',
            constraint=models.UniqueConstraint(fields=('incident', 'name'), name='incident_step_once'),
        ),
        migrations.AddConstraint(
            model_name='incidentstep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('done_by', None)), models.Q(('done_at__isnull', False), ('done_by__isnull', False)), _connector='OR'), name='incident_step_done_by_somebody'),
        ),
        migrations.RunSQL(CHANGES, QUIET),
        *append_only("surveys_alarmevent", "surveys_incidentevent", "surveys_incidentnote"),
    ]

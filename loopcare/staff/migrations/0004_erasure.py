"""The audit trail knows an erasure."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('staff', '0003_api_keys'),
    ]

    operations = [
        migrations.AlterField(
            model_name='auditentry',
            name='action',
            field=models.CharField(choices=[('reveal', 'revealed contact details'), ('export', 'exported'), ('sign_in', 'signed in'), ('launch', 'launched a campaign'), ('configure', 'changed a setting'), ('erase', 'erased a customer')], max_length=20),
        ),
    ]

"""Events of campaigns and cases, and the drawn arms, are append-only."""

from django.db import migrations

from loopcare.common.database import append_only


class Migration(migrations.Migration):
    dependencies = [("careplans", ""), ("staff", "0002_clock_and_trail")]
    operations = [
        *append_only("careplans_campaignevent", "careplans_caseevent", "careplans_assignment"),
    ]

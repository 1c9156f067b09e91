"""What a landing writes is kept sound by one check a statement, not one a row."""

import django.db.models.deletion
from django.db import migrations, models

from loopcare.common.database import checked_references, kept_references

CUSTOMER, RULE = "customers.customer", "surveys.detectionrule"
CASCADE, PROTECT = django.db.models.deletion.CASCADE, django.db.models.deletion.PROTECT

# Their plans were made once a session, while there were few customers, and kept when there were many.
OWN_CHECKS_GO = """
DROP TRIGGER customers_customer_has_signals ON customers_customer;
DROP TRIGGER surveys_signal_references ON surveys_signal;
DROP FUNCTION surveys_keep_customers();
DROP FUNCTION surveys_check_landing();
"""


def unchecked(model, name, to, on_delete=PROTECT, related_name="+", **options):
    field = models.ForeignKey(db_constraint=False, on_delete=on_delete, related_name=related_name, to=to, **options)
    return migrations.AlterField(model_name=model, name=name, field=field)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0005_archive"), ("staff", "0004_erasure"), ("customers", "0002_landing")]
    operations = [
        migrations.RemoveIndex(model_name="detection", name="detection_by_time"),
        unchecked("detection", "rule", RULE, related_name="detections", db_index=False),
        unchecked("detection", "customer", CUSTOMER, CASCADE, db_index=False),
        unchecked("detection", "source", "surveys.source", db_index=False),
        unchecked("poolentry", "customer", CUSTOMER, CASCADE, related_name="pool_entries"),
        unchecked("poolentry", "rule", RULE, db_index=False, null=True),
        unchecked("poolentry", "source", "surveys.source", db_index=False),
        unchecked("poolevent", "entry", "surveys.poolentry", related_name="events"),
        migrations.RunSQL(OWN_CHECKS_GO, migrations.RunSQL.noop),
        checked_references(
            "surveys_signal", customer_id="customers_customer.id", source_id="surveys_source.id"
        ),
        checked_references(
            "surveys_detection",
            rule_id="surveys_detectionrule.id",
            customer_id="customers_customer.id",
            source_id="surveys_source.id",
        ),
        checked_references(
            "surveys_poolentry",
            rule_id="surveys_detectionrule.id",
            customer_id="customers_customer.id",
            source_id="surveys_source.id",
        ),
        checked_references("surveys_poolevent", entry_id="surveys_poolentry.id"),
        kept_references(
            "customers_customer",
            "id",
            "surveys_signal.customer_id",
            "surveys_detection.customer_id",
            "surveys_poolentry.customer_id",
        ),
        kept_references("surveys_detectionrule", "id", "surveys_detection.rule_id", "surveys_poolentry.rule_id"),
        kept_references(
            "surveys_source", "id", "surveys_signal.source_id", "surveys_detection.source_id", "surveys_poolentry.source_id"
        ),
        kept_references("surveys_poolentry", "id", "surveys_poolevent.entry_id"),
    ]

"""Warehouses, the rules that are asked there, and the scans that ask them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import loopcare.customers.encryption
from loopcare.common.database import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0006_landing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Warehouse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                ("url", loopcare.customers.encryption.EncryptedText()),
                ("shown", models.CharField(max_length=400)),
                ("engine", models.CharField(max_length=12)),
                ("table", models.CharField(max_length=200, verbose_name="table")),
                ("reference", models.CharField(max_length=200, verbose_name="customer reference")),
                ("changed", models.CharField(blank=True, max_length=200, verbose_name="changed at")),
                ("fields", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ScanRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(db_collation="C", max_length=40, verbose_name="code")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("rule", models.TextField(max_length=2000, verbose_name="rule")),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("enabled", models.BooleanField(default=True, verbose_name="in use")),
                ("meant_for_most", models.BooleanField(default=False)),
                ("every_days", models.PositiveSmallIntegerField(default=0, verbose_name="every … days")),
                ("at_hour", models.PositiveSmallIntegerField(default=3, verbose_name="at")),
                ("next_due", models.DateTimeField(blank=True, null=True)),
                ("watermark", models.CharField(blank=True, max_length=40)),
                (
                    "warehouse",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rules", to="surveys.warehouse"
                    ),
                ),
            ],
            options={
                "ordering": ["warehouse", "code"],
            },
        ),
        migrations.CreateModel(
            name="Scan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("holder", models.CharField(blank=True, default="", editable=False, max_length=80)),
                ("lease_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("epoch", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("dead", "dead"),
                            ("cancelled", "cancelled"),
                        ],
                        default="waiting",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("last_error", models.TextField(blank=True, default="", editable=False)),
                ("day", models.DateField()),
                ("after", models.CharField(blank=True, max_length=64)),
                ("until", models.CharField(blank=True, max_length=40)),
                ("scanned", models.PositiveBigIntegerField(null=True)),
                ("matched", models.PositiveBigIntegerField(null=True)),
                ("landed", models.PositiveBigIntegerField(default=0, help_text="matches that were handed over")),
                ("unknown", models.PositiveBigIntegerField(default=0, help_text="matches whose customer nobody knows")),
                ("signals", models.PositiveBigIntegerField(default=0)),
                ("pool_new", models.PositiveBigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("misses", models.PositiveSmallIntegerField(default=0)),
                ("cancel_asked", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "warehouse",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scans", to="surveys.warehouse"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ScannedRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveSmallIntegerField()),
                ("text", models.TextField()),
                ("since", models.CharField(blank=True, max_length=40)),
                ("matched", models.PositiveBigIntegerField(null=True)),
                (
                    "scan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="surveys.scan"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scanned", to="surveys.scanrule"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("scan", "rule"), name="scanned_rule_once")],
            },
        ),
        migrations.CreateModel(
            name="ScanRuleVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveSmallIntegerField()),
                ("text", models.TextField()),
                ("enabled", models.BooleanField()),
                ("saved_at", models.DateTimeField()),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="surveys.scanrule"
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [models.UniqueConstraint(fields=("rule", "version"), name="scan_rule_version_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="warehouse",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("reference", ""), _negated=True), models.Q(("table", ""), _negated=True)),
                name="warehouse_names_customers",
            ),
        ),
        migrations.AddIndex(
            model_name="scanrule",
            index=models.Index(
                condition=models.Q(("next_due__isnull", False)), fields=["next_due"], name="scan_rule_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="scanrule",
            constraint=models.UniqueConstraint(fields=("warehouse", "code"), name="scan_rule_once"),
        ),
        migrations.AddConstraint(
            model_name="scanrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("every_days__range", (0, 366))), name="scan_rule_within_a_year"
            ),
        ),
        migrations.AddConstraint(
            model_name="scanrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("at_hour__range", (0, 23))), name="scan_rule_hour_of_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="scanrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("next_due", None), models.Q(("enabled", True), ("every_days__gt", 0)), _connector="OR"
                ),
                name="scan_rule_due_only_in_use",
            ),
        ),
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(
                condition=models.Q(("status__in", ("waiting", "running"))), fields=["due_at", "id"], name="scan_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="scan",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["waiting", "running", "done", "dead", "cancelled"])),
                name="scan_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="scan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "running"), models.Q(("holder", ""), ("lease_until", None)), _connector="OR"
                ),
                name="scan_held_only_while_running",
            ),
        ),
        *append_only("surveys_scanruleversion"),
    ]

"""A rule is asked of the operator's customer base; whom it finds becomes a signal."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock
from loopcare.common.errors import Invalid
from surveys.models import ScanRule, Warehouse
from surveys.services.scanning import scan_now
from surveys.services.warehouses import warehouse_at


class Command(BaseCommand):
    help = (
        "Scan a warehouse by one rule, or by several in one pass. A second run on the same day adds nothing.\n"
        "A warehouse that is not connected yet is connected first; it gets the shipped rules whose fields it has.\n"
        "URLs: parquet:///folder, duckdb:///file, postgresql://host/database, spark:local?parquet=/folder,\n"
        "spark://host:7077?parquet=hdfs://…\n"
        "JSON: rule, engine, scanned (rows), matched (by this rule), signals (new), seconds; of several rules also\n"
        "rules[] with the code and the matches of each."
    )
    examples = (
        "scan_warehouse --rule usage-drop",
        "scan_warehouse --rule usage-drop --warehouse parquet:///data/warehouse --table customers --reference msisdn",
        "scan_warehouse --rule usage-drop --rule weak-coverage --json",
        "scan_warehouse --rule all --warehouse postgresql://reader@host/base --table customers --reference msisdn",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--rule", action="append", required=True, help="code of a rule; again for more; or all")
        parser.add_argument("--warehouse", help="where, as a URL or the name of a connected warehouse")
        parser.add_argument("--table", default="", help="the table of customers; may be left out where there is one")
        parser.add_argument("--reference", default="", help="its column that names the customer")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        now = now_or_clock(options)
        warehouse = None
        if place := options["warehouse"]:
            warehouse = Warehouse.objects.filter(name=place).first() or warehouse_at(
                url=place, table=options["table"], reference=options["reference"], now=now
            )
        scan = scan_now(rules=_rules(options["rule"], warehouse), now=now)
        found = [{"rule": one.rule.code, "matched": one.matched} for one in scan.rules.select_related("rule")]
        result = {
            "rule": ",".join(str(one["rule"]) for one in found),
            "engine": scan.warehouse.engine,
            "scanned": scan.scanned,
            "matched": scan.matched,
            "signals": scan.signals,
            "seconds": round(scan.seconds, 2),
        }
        return result | ({"rules": found} if len(found) > 1 else {})


def _rules(names: list[str], warehouse: Warehouse | None) -> list[ScanRule]:
    rows = ScanRule.objects.select_related("warehouse").order_by("code")
    if warehouse is not None:
        rows = rows.filter(warehouse=warehouse)
    rules = list(rows.filter(enabled=True) if names == ["all"] else rows.filter(code__in=names))
    if len({rule.warehouse_id for rule in rules}) > 1:
        known = ", ".join(sorted({rule.warehouse.name for rule in rules}))
        raise Invalid(_("Several warehouses have this rule; say --warehouse: %(known)s.") % {"known": known})
    missing = set(names) - {"all"} - {rule.code for rule in rules}
    if missing or not rules:
        known = ", ".join(ScanRule.objects.order_by("code").values_list("code", flat=True).distinct()) or "–"
        facts = {"rule": ", ".join(sorted(missing or names)), "known": known}
        raise Invalid(_("There is no scan rule %(rule)s; there are: %(known)s.") % facts, field="rule")
    return rules

"""Warehouses, scan rules and scans as people meet them, and what a rule would find before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loopcare.common.rules import Field, FieldSet, named_fields, parse
from loopcare.staff.models import User
from loopcare.warehouse import Asked, Base, DaysUntil, Made, Ratio, connect
from surveys.logic.latent_rules import FIELDS, RULES, LatentRule
from surveys.models import Scan, ScannedRule, ScanRule, Warehouse

LOOKED_AT = 200_000
"""Rows that a rule is tried on while it is written; the whole base is counted when asked for."""
PATIENCE = 20  # seconds that a page waits for a warehouse
MOST = 0.5
"""Share of all customers above which a rule must be meant."""
AGREED = {field.name: field for field in FIELDS}
PLACE = {name: place for place, name in enumerate(AGREED)}


@dataclass(frozen=True, slots=True)
class Tried:
    """How many of the rows that were looked at a rule finds; `whole`: all there are."""

    looked: int
    found: int
    whole: bool

    @property
    def share(self) -> float | None:
        return self.found / self.looked if self.looked else None

    @property
    def is_most(self) -> bool:
        return (self.share or 0) > MOST


def base_of(warehouse: Warehouse, day: date) -> Base:
    """All rows of a warehouse, with what is made of its columns; days are counted from `day`."""
    made: dict[str, Made] = {}
    for name, said in warehouse.fields.items():
        if "of" in said:
            made[name] = Ratio(said["of"], said["to"])
        elif "until" in said:
            made[name] = DaysUntil(said["until"])
    return Base(warehouse.table, warehouse.reference, warehouse.changed, made=made, day=day)


def fields_of(warehouse: Warehouse) -> FieldSet:
    """The fields that rules of this warehouse may name: the agreed ones with their labels, then all others by name."""
    return FieldSet(
        *(
            Field(name, said["kind"], _label(name, said), column=said.get("column", name))
            for name, said in sorted(
                warehouse.fields.items(), key=lambda each: (PLACE.get(each[0], len(PLACE)), each[0])
            )
        )
    )


def _label(name: str, said: Mapping[str, str]) -> str:
    agreed = AGREED.get(name)
    return gettext_lazy(agreed.label) if agreed else said.get("label") or name  # type: ignore[return-value]


def shipped_for(fields: FieldSet) -> list[LatentRule]:
    """The shipped rules whose fields a warehouse has, of the kind they need."""
    agreed = FieldSet(*(Field(field.name, field.kind, field.label) for field in FIELDS))
    return [rule for rule in RULES if named_fields(parse(rule.text, agreed)) <= _agreeing(fields)]


def _agreeing(fields: FieldSet) -> set[str]:
    return {name for name, field in AGREED.items() if name in fields and fields[name].kind == field.kind}


def try_scan_rule(warehouse: Warehouse, text: str, *, today: date, whole: bool = False) -> Tried:
    """How many customers a rule finds: among some 200,000 rows, or with `whole` among all.

    Raises RuleError for what is no rule, WarehouseError for what the warehouse does not give.
    """
    fields = fields_of(warehouse)
    asked = {"rule": Asked(parse(text, fields))}
    with connect(warehouse.url, seconds=PATIENCE) as reader:
        counted = reader.count(base_of(warehouse, today), asked, fields, most=None if whole else LOOKED_AT)
    return Tried(counted.scanned, counted.found["rule"], whole or counted.scanned < LOOKED_AT)


def warehouses_of(user: User) -> QuerySet[Warehouse]:
    return Warehouse.objects.visible_to(user).prefetch_related("rules")


def scans_of(user: User) -> QuerySet[Scan]:
    """The scans a user may list, the latest first."""
    asked = Prefetch("rules", ScannedRule.objects.select_related("rule"))
    return Scan.objects.visible_to(user).select_related("warehouse", "created_by").prefetch_related(asked)


def scan_rule_called(name: str, warehouse: Warehouse | None = None) -> ScanRule | None:
    """A rule by its code, of a warehouse or of the only one that has it."""
    rows = ScanRule.objects.filter(code=name).select_related("warehouse")
    found = list(rows.filter(warehouse=warehouse) if warehouse else rows[:2])
    return found[0] if len(found) == 1 else None


def share_text(tried: Tried) -> str:
    """In words, for a refusal."""
    return _("%(found)s of %(looked)s customers") % {"found": f"{tried.found:,}", "looked": f"{tried.looked:,}"}


def last_scans(warehouse: Warehouse) -> dict[int, ScannedRule]:
    """By rule id: what its latest scan asked and found."""
    latest = ScannedRule.objects.filter(rule__warehouse=warehouse).order_by("rule_id", "-id").distinct("rule_id")
    return {one.rule_id: one for one in latest.select_related("scan")}

"""Warehouses: looked at, connected, and given the shipped rules whose fields they have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from loopcare.common.rules import Field
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit
from loopcare.warehouse import Address, Column, connect, parse_address
from surveys.logic.latent_rules import FIELDS, AgreedField
from surveys.models import ScanRule, Warehouse
from surveys.selectors.scanning import AGREED, PATIENCE, fields_of, shipped_for

MOST_FIELDS = 200
"""Columns of one table that rules may name; of a wider one the first, and those of agreed fields."""

Fields = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a warehouse has: its tables, and of the one that was asked for its columns."""

    address: Address
    tables: list[str]
    table: str = ""
    columns: tuple[Column, ...] = ()

    @property
    def references(self) -> list[str]:
        """Columns that may name customers: texts and whole numbers."""
        return [column.name for column in self.columns if column.kind in ("text", "number")]

    @property
    def moments(self) -> list[str]:
        """Columns that may say when a row changed."""
        return [column.name for column in self.columns if column.kind in ("date", "number")]


def look(*, url: str, table: str = "", anywhere: bool = False) -> Looked:
    """What is at a URL. Raises Invalid for no address, or files outside the warehouse folder unless `anywhere`.

    Without `table` its columns are told where there is only one.
    """
    address = allowed(url, anywhere=anywhere)
    with connect(address, seconds=PATIENCE) as reader:
        tables = reader.tables()
        table = table or (tables[0] if len(tables) == 1 else "")
        return Looked(address, tables, table, reader.columns(table) if table else ())


def allowed(url: str, *, anywhere: bool = False) -> Address:
    """The address, if files may be read there: a page must not lead everywhere on the server."""
    address = parse_address(url)
    if not anywhere and not address.within(settings.WAREHOUSE_DIR):
        raise Invalid(
            _("Files must lie in %(folder)s (LOOPCARE_WAREHOUSE_DIR).") % {"folder": settings.WAREHOUSE_DIR},
            field="url",
        )
    if not anywhere and not address.names_user:
        # Otherwise it would be this system's own user, who sees what no page shows.
        raise Invalid(_("Name a user in the address: postgresql://user:password@host/database."), field="url")
    return address


def proposed_fields(columns: Iterable[Column], chosen: Mapping[str, Mapping[str, str]] | None = None) -> Fields:
    """What rules may name: each column with a kind, and the agreed fields that are known to be there.

    `chosen` says of an agreed field what it is made of ({column}, {of, to}, {until}, {} for not there), and goes before
    what is guessed.
    """
    usable = {column.name: column for column in columns if column.kind}
    fields: Fields = {}
    for agreed in FIELDS:
        made = dict((chosen or {}).get(agreed.name, {}))
        if agreed.name not in (chosen or {}) and (column := guessed(agreed, usable.values())) is not None:
            made = {"column": column.name}
        if made and set(made.values()) <= usable.keys():
            fields[agreed.name] = {"kind": agreed.kind, "label": agreed.label, **made}
    taken = {made["column"] for made in fields.values() if "column" in made}
    for column in [column for column in usable.values() if column.name not in taken][: MOST_FIELDS - len(fields)]:
        if (name := _field_name(column.name)) and name not in fields and name not in AGREED:
            fields[name] = {"column": column.name, "kind": column.kind, "label": column.name}
    return fields


def guessed(agreed: AgreedField, columns: Iterable[Column]) -> Column | None:
    """The column that goes by an agreed field's name, or by one we have seen for it, and is of its kind."""
    names = {name.lower(): place for place, name in enumerate((agreed.name, *agreed.also))}
    fitting = [column for column in columns if column.kind == agreed.kind and column.name.lower() in names]
    return min(fitting, key=lambda column: names[column.name.lower()], default=None)


def _field_name(column: str) -> str:
    """A column's name as a field's; '' where it cannot be written in a rule."""
    name = re.sub(r"\W", "_", column, flags=re.ASCII).strip("_").lower()
    try:
        return Field(name, "text", "").name
    except ValueError:
        return ""


@transaction.atomic
def save_warehouse(
    *,
    name: str,
    url: str,
    table: str,
    reference: str,
    now: datetime,
    by: User | None,
    changed: str = "",
    chosen: Mapping[str, Mapping[str, str]] | None = None,
    anywhere: bool = False,
    row: Warehouse | None = None,
) -> Warehouse:
    """Connect a table, or connect `row` anew, with the shipped rules whose fields it has, all asked by hand.

    Raises Invalid for a wrong name or place, WarehouseError for what the warehouse does not give.
    """
    name = name.strip()
    if not 0 < len(name) <= 80:
        raise Invalid(_("Give the warehouse a name of at most 80 characters."), field="name")
    seen = look(url=url, table=table, anywhere=anywhere)
    _check_columns(seen, table, reference, changed)
    facts: dict[str, object] = {
        "name": name,
        "url": seen.address.url,
        "shown": seen.address.shown[:400],
        "engine": seen.address.engine,
        "table": table,
        "reference": reference,
        "changed": changed,
        "fields": proposed_fields((column for column in seen.columns if column.name != reference), chosen),
    }
    saved = _write(row, facts, by, now)
    add_shipped_rules(saved)
    if by is not None:
        audit(actor=by, action=AuditAction.CONFIGURE, subject="warehouse", subject_id=saved.pk, note=name, now=now)
    return saved


def _write(row: Warehouse | None, facts: dict[str, object], by: User | None, now: datetime) -> Warehouse:
    if row is None:
        row = Warehouse(created_by=by, created_at=now)
    for name, value in facts.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Invalid(_("There is already a warehouse %(name)s.") % {"name": row.name}, field="name") from error
    return row


def _check_columns(seen: Looked, table: str, reference: str, changed: str) -> None:
    if reference not in seen.references:
        raise Invalid(
            _("Choose the column that names the customer: a text or a whole number of %(table)s.") % {"table": table},
            field="reference",
        )
    if changed and changed not in seen.moments:
        raise Invalid(_("%(column)s does not say when a row changed.") % {"column": changed}, field="changed")


def add_shipped_rules(warehouse: Warehouse) -> Sequence[ScanRule]:
    """The shipped rules whose fields the warehouse has and that it does not have yet; edits are kept."""
    known = set(warehouse.rules.values_list("code", flat=True))
    return ScanRule.objects.bulk_create(
        [
            ScanRule(warehouse=warehouse, code=rule.code, name=rule.name, rule=rule.text)
            for rule in shipped_for(fields_of(warehouse))
            if rule.code not in known
        ]
    )


def warehouse_at(*, url: str, table: str, reference: str, now: datetime) -> Warehouse:
    """The warehouse at a place, for a command: connected already, or connected now under its URL as a name.

    Files may lie anywhere. Raises Invalid where the reference is not said and cannot be guessed.
    """
    address = parse_address(url)
    for row in Warehouse.objects.filter(engine=address.engine, table=table) if table else Warehouse.objects.all():
        if row.url == address.url and (not reference or row.reference == reference):
            return row
    seen = look(url=url, table=table, anywhere=True)
    if not seen.table:
        raise Invalid(_("Name the table; there are: %(tables)s.") % {"tables": ", ".join(seen.tables)}, field="table")
    reference = reference or _likely_reference(seen)
    name = f"{seen.address.shown} {seen.table}"[-80:].strip()
    return save_warehouse(name=name, url=url, table=seen.table, reference=reference, now=now, by=None, anywhere=True)


def _likely_reference(seen: Looked) -> str:
    for name in seen.references:
        if name.lower() in ("reference", "msisdn", "customer", "customer_id", "subscriber_id", "phone", "id"):
            return name
    raise Invalid(_("Say which column names the customer: --reference COLUMN."), field="reference")

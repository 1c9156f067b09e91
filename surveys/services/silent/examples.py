"""What a model learns from: a file with an outcome, or ratings that landed here, joined to the operator's columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from django.db import connection
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from surveys.logic.cells import Cell, as_day, as_number, written
from surveys.logic.decoding import address
from surveys.logic.silent.spec import ModelSpec
from surveys.logic.silent.training import Examples
from surveys.models import Source
from surveys.services.reading import open_table
from surveys.services.silent.batches import streamed

MOST_READ = 1_000_000  # rows of a file

# One answer a customer, the latest: who was dissatisfied, and when.
ANSWERED = """
SELECT DISTINCT ON (s.customer_id) c.reference, s.perceived < s.adequate, s.occurred_on
FROM surveys_signal AS s JOIN customers_customer AS c ON c.id = s.customer_id
WHERE s.source_id = %s AND s.opens AND s.perceived - s.adequate IS NOT NULL AND s.occurred_on BETWEEN %s AND %s
ORDER BY s.customer_id, s.occurred_on DESC, s.id DESC
"""


def from_file(path: Path, spec: ModelSpec) -> Examples:
    """Every row with an outcome (and a day, where the spec names one). Raises Invalid for what the file lacks."""
    if not spec.outcome.column:
        raise Invalid(
            _("[outcome] of this mapping names a source of ratings: say which warehouse to join."), field="spec"
        )
    with open_table(path) as table:
        places = _places(spec, address(table.header), path)
        kept: dict[str, list[Cell]] = {name: [] for name in places}
        outcome, days = [], []
        zone = get_current_timezone()
        for number, cells in table.rows:
            if number > MOST_READ + 1:
                raise Invalid(_("%(name)s has more than %(limit)s rows; split it.") % _facts(path), field="file")
            answer = as_number(cells[places[spec.outcome.column]])
            day = as_day(cells[places[spec.day]], spec.date_format, zone) if spec.day else None
            if answer is None or (spec.day and day is None):
                continue
            outcome.append(int(answer <= (spec.outcome.at_most or 0.0)))
            days += [day] if day else []
            for name, place in places.items():
                kept[name].append(cells[place])
    return Examples(kept, np.array(outcome, dtype=np.int_), days)


def _facts(path: Path) -> dict[str, object]:
    return {"name": path.name, "limit": f"{MOST_READ:,}"}


def _places(spec: ModelSpec, header: Sequence[str], path: Path) -> dict[str, int]:
    at = {name: place for place, name in enumerate(header)}
    if lacking := [name for name in spec.columns if name not in at]:
        told = ", ".join(lacking[:5]) + (" …" if len(lacking) > 5 else "")
        raise Invalid(_("%(name)s lacks columns of the mapping: %(columns)s.") % {"name": path.name, "columns": told})
    return {name: at[name] for name in spec.columns}


def from_answers(spec: ModelSpec, *, url: str, table: str, now: datetime) -> Examples:
    """Customers whose rating of the spec's source landed here lately, with their columns in a warehouse.

    The warehouse says what is so now, the answer was given before: keep `outcome.days` short, or give a table that is
    as it was. Raises Invalid for no such source, WarehouseError for what the warehouse does not give.
    """
    answers = _answers(spec, today=localdate(now))
    names = [name for name in spec.columns if name not in (spec.reference, spec.day)]
    kept: dict[str, list[Cell]] = {name: [] for name in (spec.reference, *names)}
    outcome, days = [], []
    for batch in streamed(url, table=table, reference=spec.reference, names=names):
        references = [written(cell) for cell in batch.column(0).to_pylist()]
        rows = [row for row, reference in enumerate(references) if reference in answers]
        if not rows:
            continue
        part = batch.take(rows)
        for place, name in enumerate((spec.reference, *names)):
            kept[name] += part.column(place).to_pylist()
        for row in rows:
            dissatisfied, day = answers.pop(references[row])
            outcome.append(int(dissatisfied))
            days.append(day)
    return Examples(kept, np.array(outcome, dtype=np.int_), days)


def _answers(spec: ModelSpec, *, today: date) -> dict[str, tuple[bool, date]]:
    source = Source.objects.filter(code=spec.outcome.source).first()
    if source is None:
        raise Invalid(_("There is no source %(code)s.") % {"code": spec.outcome.source or "–"}, field="spec")
    with connection.cursor() as cursor:
        cursor.execute(ANSWERED, [source.pk, today - timedelta(days=spec.outcome.days), today])
        return {reference: (dissatisfied, day) for reference, dissatisfied, day in cursor.fetchall()}

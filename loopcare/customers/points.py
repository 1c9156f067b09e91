"""Contact points by the thousand: what is known costs one look, and only what is new is encrypted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from django.db import connection, transaction

from loopcare.customers.encryption import blind_index, encrypt
from loopcare.customers.enums import Consent, PointStatus
from loopcare.customers.numbers import last_four
from loopcare.customers.selectors import LAST_FOUR

AT_ONCE = 10_000
"""Points that one statement carries, and those of its last customer: some 3 MB."""

Told = tuple[str, str, str]  # reference, kind, normalised value

# One look a customer and one a point, by their indexes: the plan must not depend on what the planner believes of tables
# that grew a moment ago.
UNKNOWN = """
SELECT w.no FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS w (reference, kind, index, no)
CROSS JOIN LATERAL (SELECT id FROM customers_customer WHERE reference = w.reference LIMIT 1) AS c
LEFT JOIN LATERAL (
    SELECT true AS here FROM customers_contactpoint
    WHERE customer_id = c.id AND kind = w.kind AND index = decode(w.index, 'hex') LIMIT 1
) AS known ON true WHERE known.here IS NULL ORDER BY w.no
"""

IDS = "SELECT nextval(pg_get_serial_sequence('customers_contactpoint', 'id')) FROM generate_series(1, %s)"

# The customer is looked for again under a lock that waits for an erasure, and that an erasure waits for: nobody who was
# erased in between gets a number back.
ADD = """
INSERT INTO customers_contactpoint (id, customer_id, kind, index, last_four, value, rank, status, consent)
SELECT w.id, c.id, w.kind, decode(w.index, 'hex'), decode(w.last_four, 'hex'), convert_to(w.value, 'UTF8'), 0, %s, %s
FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[])
    WITH ORDINALITY AS w (reference, kind, index, id, last_four, value, no)
CROSS JOIN LATERAL (SELECT id FROM customers_customer WHERE reference = w.reference LIMIT 1 FOR KEY SHARE) AS c
ORDER BY w.no ON CONFLICT (customer_id, kind, index) DO NOTHING
"""


def merge_points(*, rows: Iterable[Told]) -> int:
    """Add contact points from (reference, kind, normalised value); known ones stay. Returns how many are new.

    Exact whoever else adds the same. Points of nobody are left out: a row that repeats another's answer under a new
    reference makes no customer. The ids of one customer's points follow the order of `rows`, in which they are tried.
    """
    told = sorted(dict.fromkeys(rows), key=itemgetter(0))
    if not told:
        return 0
    with transaction.atomic():
        return sum(_merge(batch) for batch in _batches(told))


def _batches(told: list[Told]) -> Iterator[list[Told]]:
    """No customer is in two of them."""
    batch: list[Told] = []
    for _reference, points in groupby(told, key=itemgetter(0)):
        batch += points
        if len(batch) >= AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _merge(batch: list[Told]) -> int:
    references, kinds, values = zip(*batch, strict=True)
    indexes = [blind_index(value, purpose=kind).hex() for _reference, kind, value in batch]
    with connection.cursor() as cursor:
        cursor.execute(UNKNOWN, [list(references), _array(kinds), _array(indexes)])
        unknown = [no - 1 for (no,) in cursor.fetchall()]
        if not unknown:
            return 0
        cursor.execute(IDS, [len(unknown)])
        ids = [number for (number,) in cursor.fetchall()]
    return _add([(references[no], kinds[no], indexes[no], ids[n], values[no]) for n, no in enumerate(unknown)])


def _add(points: list[tuple[str, str, str, int, str]]) -> int:
    """Insert (reference, kind, index, id, value), in one order for everybody: two who tell of the same take turns."""
    references, kinds, indexes, ids, values = zip(*sorted(points), strict=True)
    last_fours = (blind_index(last_four(value), purpose=LAST_FOUR).hex() for value in values)
    encrypted = (encrypt(value).decode() for value in values)
    plain = [_array(words) for words in (kinds, indexes, map(str, ids), last_fours, encrypted)]
    with connection.cursor() as cursor:
        cursor.execute(ADD, [PointStatus.OK, Consent.UNKNOWN, list(references), *plain])
        return int(cursor.rowcount)


def _array(words: Iterable[str]) -> str:
    """An array for the database. Of numbers, our own words, hex digits and base64 only, which need no quotes: quoting
    costs more than all the rest of a known point."""
    return f"{{{','.join(words)}}}"

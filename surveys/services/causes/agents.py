"""A cause that an agent heard from the customer goes into the pool entry, beside what the customer chose."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from loopcare.staff.models import User
from surveys.enums import CauseBasis
from surveys.models import Cause, CauseCode
from surveys.selectors.cause_tree import merged_codes

# Only where it is new, so that the same again writes no row; sorted as a landing sorts them.
ADD_TO_ENTRY = """
UPDATE surveys_poolentry SET causes = ARRAY(
    SELECT DISTINCT c COLLATE "C" FROM unnest(causes || %(code)s::varchar) AS c ORDER BY 1)
WHERE id = %(entry)s AND NOT causes @> ARRAY[%(code)s]::varchar[]
"""


@transaction.atomic
def code_by_agent(*, entry_id: int, cause: str, by: User, now: datetime) -> CauseCode | None:
    """Keep that an agent named a cause, and give it to the entry; the same again changes nothing but who and when.

    A merged cause counts as what it ended in: the agent's page may be older than the merging. None for a code that the
    tree does not have or no longer uses: the case keeps what was written, and nobody is given a cause that is not one.
    """
    code = merged_codes().get(cause, cause)
    if not Cause.objects.filter(code=code, retired_at=None).exists():
        return None
    facts = {"by": by, "at": now}
    row, _created = CauseCode.objects.update_or_create(
        entry_id=entry_id, cause=code, basis=CauseBasis.AGENT, defaults=facts
    )
    with connection.cursor() as cursor:
        cursor.execute(ADD_TO_ENTRY, {"entry": entry_id, "code": code})
    return row

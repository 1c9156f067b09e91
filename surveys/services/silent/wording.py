"""What a leak report says, in sentences of the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from surveys.logic.silent.leaks import Finding, Leak


def finding_words(finding: Finding) -> str:
    """One line of the leak report."""
    return words(finding.leak, finding.column, finding.auc, used=finding.used, other=finding.other)


def kept_finding_words(kept: Mapping[str, Any]) -> str:
    """The same of a finding as a card keeps it."""
    return words(Leak(kept["leak"]), kept["column"], kept["auc"], used=kept["used"], other=kept["other"])


SENTENCES = {
    (Leak.RATING, False): _("%(column)s is a rating: the outcome in other words (AUC alone %(auc)s). Not used."),
    (Leak.ANSWERED, True): _("%(column)s is an answer (AUC alone %(auc)s): used, so the model is not for the silent."),
    (Leak.ANSWERED, False): _("%(column)s is an answer, which the silent did not give (AUC alone %(auc)s). Not used."),
    (Leak.VALUE, False): _("%(column)s alone finds the dissatisfied far too well (AUC %(auc)s): a leak. Not used."),
    (Leak.MISSING, True): _("Whether %(column)s is missing depends on the outcome (AUC %(auc)s). Used; look why."),
    (Leak.MISSING, False): _("Whether %(column)s is missing tells the outcome (AUC %(auc)s): a leak. Not used."),
    (Leak.SAME, False): _("%(column)s equals %(other)s in every row: one may be a mistake. Not used."),
    (Leak.CONSTANT, False): _("%(column)s is the same in every row. Not used."),
    (Leak.SPARSE, False): _("%(column)s is known of hardly anybody. Not used."),
}
"""By what it is and whether the column is used nevertheless."""


def words(leak: Leak, column: str, auc: float | None, *, used: bool, other: str) -> str:
    facts = {"column": column, "other": other, "auc": "?" if auc is None else f"{auc:.2f}"}
    return gettext(SENTENCES[leak, used]) % facts

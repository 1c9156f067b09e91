"""Trained models as rows: kept with their cards, put in use one at a time, loaded only where nobody changed them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, NotFound
from loopcare.common.states import move, record
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit
from surveys.enums import SilentStatus
from surveys.models import SilentModel
from surveys.services.pickled import signed, unpickled

SALT = "loopcare model of silent dissatisfaction"


@transaction.atomic
def keep_model(
    *,
    name: str,
    fitted: Any,
    card: dict[str, Any],
    spec: str,
    learned_from: str,
    for_silent: bool,
    now: datetime,
    by: User | None = None,
) -> SilentModel:
    """Keep a trained model as the next version of its name, as a draft."""
    latest = SilentModel.objects.select_for_update().filter(name=name).order_by("-version").first()
    version = 1 + (latest.version if latest else 0)
    content, signature = signed(fitted, salt=SALT, name=f"{name}\n{version}")
    model = SilentModel.objects.create(
        name=name,
        version=version,
        for_silent=for_silent,
        spec=spec,
        card=card,
        fitted=content,
        signature=signature,
        learned_from=learned_from[:200],
        trained_by=by,
        trained_at=now,
    )
    actor = by.pk if by else None
    record(model, from_status="", to_status=SilentStatus.DRAFT, now=now, actor_id=actor)
    _note(model, "trained", by=by, now=now)
    return model


def load(model: SilentModel) -> Any:
    """The fitted pipeline. Raises Conflict for bytes that this installation did not sign, or another scikit-learn's."""
    return unpickled(
        bytes(model.fitted),
        model.signature,
        salt=SALT,
        name=f"{model.name}\n{model.version}",
        shown=model.label,
        made_with=model.card.get("made_with", ""),
    )


@transaction.atomic
def put_in_use(*, model: SilentModel, now: datetime, by: User | None = None) -> SilentModel:
    """Let a model find the silent; the version that did so before is retired.

    Raises Conflict for a model that looks at answers, and for one that is in use already.
    """
    same_name = SilentModel.objects.select_for_update().filter(name=model.name)
    row = same_name.filter(pk=model.pk).defer("fitted").first()
    if row is None:
        raise NotFound(_("This model is gone."))
    if not row.for_silent:
        raise Conflict(
            _("%(model)s looks at answers, which a silent customer has not given: it cannot be put in use.")
            % {"model": row.label}
        )
    before = None if row.status == SilentStatus.IN_USE else same_name.in_use().defer("fitted").first()
    actor = by.pk if by else None
    if before is not None:
        move(before, SilentStatus.RETIRED, now=now, actor_id=actor, reason=f"followed by {row.version}")
    move(row, SilentStatus.IN_USE, now=now, actor_id=actor)
    _note(row, "put in use", by=by, now=now)
    return row


@transaction.atomic
def retire(*, model: SilentModel, now: datetime, by: User | None = None) -> SilentModel:
    """Take a model out of use. What it found stays. Raises Conflict where it is retired already."""
    row = SilentModel.objects.select_for_update().defer("fitted").get(pk=model.pk)
    move(row, SilentStatus.RETIRED, now=now, actor_id=by.pk if by else None)
    _note(row, "retired", by=by, now=now)
    return row


def find_model(*, name: str, version: int | None = None) -> SilentModel:
    """The version that is asked for, or the one in use. Raises NotFound."""
    rows = SilentModel.objects.filter(name=name) if name else SilentModel.objects.all()
    rows = rows.filter(version=version) if version is not None else rows.in_use()
    found = list(rows[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(_("Several models are in use: name one."))
    if version is not None:
        raise NotFound(_("There is no model %(name)s %(version)s.") % {"name": name, "version": version})
    raise NotFound(_("No model %(name)s is in use: train one and put it in use.") % {"name": name or "–"})


def _note(model: SilentModel, told: str, *, by: User | None, now: datetime) -> None:
    note = f"{model.label} {told}"
    audit(actor=by, action=AuditAction.CONFIGURE, subject="silent_model", subject_id=model.pk, note=note, now=now)

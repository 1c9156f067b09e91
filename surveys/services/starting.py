"""Where the mapping of a new file comes from: a saved one, a shipped one, an earlier import's, or a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid, NotFound
from surveys.logic.dates import AMBIGUOUS
from surveys.models import Import, SavedMapping
from surveys.services.drafting import draft_mapping
from surveys.services.intake import read_mapping
from surveys.services.mappings import header_fingerprint, mapping_for
from surveys.services.uploads import latest_check
from surveys.services.wording import said

EXAMPLES = settings.BASE_DIR / "examples"
DRAFT = "draft"

Group = tuple[str, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Start:
    """A mapping's text to begin with, why it is this one, what it leaves open, and the source it is to count for."""

    choice: str
    text: str
    why: str
    questions: list[str] = field(default_factory=list)
    source: str = ""


def start_with(*, choice: str, path: Path, header: Sequence[str]) -> Start:
    """The mapping that was chosen: `draft`, `saved:<id>`, `example:<name>`, `import:<id>`; "" chooses by itself.

    By itself it is what was tried last with this file, else what was saved last for such files, else a draft.
    Raises NotFound for one that does not exist.
    """
    kind, _colon, name = choice.partition(":")
    match kind:
        case "":
            return _automatic(path, header)
        case "draft":
            return _draft(path)
        case "example" if name in example_names():
            text = (EXAMPLES / name).read_text(encoding="utf-8")
            return Start(choice, text, _("A shipped example: change what is different in your file."))
        case "saved" if saved := _saved_mapping(name):
            return _saved(saved, fits=saved.header == header_fingerprint(header))
        case "import" if batch := _import(name):
            why = _("The mapping with which %(name)s was imported.") % {"name": batch.file_name}
            return Start(choice, batch.mapping, why, source=_other_source(batch))
    raise NotFound(_("There is no such mapping any more; choose another."))


def choices(*, header: Sequence[str], current: Start) -> list[Group]:
    """What can be chosen, in groups; the first has no name."""
    fitting = header_fingerprint(header)
    saved = [
        (f"saved:{pk}", _("%(name)s (same columns)") % {"name": name} if fingerprint == fitting else name)
        for pk, name, fingerprint in SavedMapping.objects.order_by("name").values_list("pk", "name", "header")
    ]
    here = [(DRAFT, _("Drafted from this file"))]
    if current.choice.startswith("import:"):
        here.insert(0, (current.choice, _("As it was tried or imported before")))
    shipped = [(f"example:{name}", name) for name in example_names()]
    groups = [("", here), (_("Saved"), saved), (_("Shipped examples"), shipped)]
    return [group for group in groups if group[1]]


def example_names() -> list[str]:
    """The mappings that are shipped, by file name."""
    return sorted(path.name for path in EXAMPLES.glob("*.toml"))


def _automatic(path: Path, header: Sequence[str]) -> Start:
    if check := latest_check(path):
        return Start(f"import:{check.pk}", check.mapping, _("As you tried it last."), source=_other_source(check))
    if saved := mapping_for(header):
        return _saved(saved, fits=True)
    return _draft(path)


def _saved(saved: SavedMapping, *, fits: bool) -> Start:
    sentence = _("Chosen because this file has the same columns: %(name)s.") if fits else _("Saved as %(name)s.")
    return Start(f"saved:{saved.pk}", saved.text, sentence % {"name": saved.name})


def _draft(path: Path) -> Start:
    draft = draft_mapping(path)
    # In which order a day is written is asked where its two readings can be chosen from.
    questions = [said(question) for question in draft.questions if question.msgid != AMBIGUOUS]
    return Start(DRAFT, draft.text, _("Drafted from this file: read it before you use it."), questions)


def _saved_mapping(pk: str) -> SavedMapping | None:
    return SavedMapping.objects.filter(pk=pk).first() if pk.isdecimal() else None


def _import(pk: str) -> Import | None:
    return Import.objects.filter(pk=pk).select_related("source").first() if pk.isdecimal() else None


def _other_source(batch: Import) -> str:
    """The source an import counted for, where that was not the mapping's own."""
    try:
        said_source = read_mapping(batch.mapping).source
    except Invalid:
        return batch.source.code
    own = said_source if isinstance(said_source, str) else said_source.code
    return "" if own == batch.source.code else batch.source.code

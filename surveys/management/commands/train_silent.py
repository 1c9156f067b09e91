"""A model of silent dissatisfaction: trained, kept with its card, and put in use where that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock
from loopcare.common.errors import Invalid
from surveys.logic.silent.leaks import Finding
from surveys.models import SilentModel
from surveys.selectors.silent import place_of
from surveys.services.silent.keeping import put_in_use
from surveys.services.silent.training import train_from_answers, train_from_file
from surveys.services.silent.wording import finding_words

REPEATS = 10


class Command(BaseCommand):
    help = (
        "Train a model that finds dissatisfied customers among those who said nothing, and keep it with its card.\n"
        "The mapping says which columns are known of everybody (operational) and which only of those who answered;\n"
        "only the former train it. What leaks is told before training. Logistic regression and boosted trees compete\n"
        "out of fold; 10 x 5 folds with fixed seeds, and later days on earlier ones where the file has days."
    )
    examples = (
        "train_silent voice_survey.xlsx --spec examples/voice_silent.toml",
        "train_silent voice_survey.xlsx --spec examples/voice_silent.toml --use --json",
        "train_silent voice_survey.xlsx --spec examples/voice_silent.toml --with-flags   # not for silent customers",
        "train_silent --spec base_silent.toml --warehouse base        # ratings landed here, columns from there",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", nargs="?", help="a table with the outcome; without it, --warehouse")
        parser.add_argument("--spec", "--map", dest="spec", required=True, help="the roles of the columns, a TOML file")
        parser.add_argument("--warehouse", default="", help="a connected warehouse, or its URL with --table")
        parser.add_argument("--table", default="", help="the table at that URL")
        parser.add_argument("--with-flags", action="store_true", help="let problem flags in: not for silent customers")
        parser.add_argument("--repeats", type=int, default=REPEATS, help="times 5 folds, 1 to 50 (default 10)")
        parser.add_argument("--use", action="store_true", help="put the model in use at once")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        if not 1 <= options["repeats"] <= 50:
            raise Invalid(_("Repeat 1 to 50 times."), field="repeats")
        now, spec = now_or_clock(options), _text_of(Path(options["spec"]))
        how = {"with_flags": options["with_flags"], "repeats": options["repeats"], "told": self._tell}
        if options["file"]:
            model = train_from_file(path=Path(options["file"]), spec_text=spec, now=now, **how)
        elif options["warehouse"]:
            place = place_of(options["warehouse"], table=options["table"])
            model = train_from_answers(
                url=place.url, table=place.table, shown=place.shown, spec_text=spec, now=now, **how
            )
        else:
            raise Invalid(_("Name a file, or a warehouse to join ratings to."), field="file")
        if options["use"]:
            model = put_in_use(model=model, now=now)
        return _told(model)

    def _tell(self, findings: list[Finding]) -> None:
        """What is wrong with the columns, before anything is trained."""
        for finding in findings:
            self.stderr.write(finding_words(finding))

    def show(self, result: dict[str, Any]) -> None:
        for row in result.pop("features"):
            way = f"{row['low']} to {row['high']}: {row['change']:+.3f}"
            self.stdout.write(f"{row['column']}: {row['lost']:+.3f} ({way})")
        leaks = result.pop("leaks")
        result["leaks"] = sum(not leak["used"] for leak in leaks)
        super().show(result)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(_("%(path)s cannot be read: %(why)s.") % {"path": path, "why": error}, field="spec") from error


def _told(model: SilentModel) -> dict[str, Any]:
    card = model.card
    first = card["tried"][0]
    tenth = next(row for row in first["capacities"] if row["share"] >= 0.099)
    return {
        "model": model.name,
        "version": model.version,
        "status": model.status,
        "for_silent": model.for_silent,
        "kind": card["kind"],
        "n": card["n"],
        "dissatisfied": card["dissatisfied"],
        "order": first["order"],
        "auc": first["auc"]["value"],
        "auc_low": first["auc"]["low"],
        "auc_high": first["auc"]["high"],
        "aucs": {row["order"]: row["auc"]["value"] for row in card["tried"]},
        "lift": tenth["lift"],
        "capture": tenth["capture"],
        "capacity": tenth["share"],
        "brier": first["brier"],
        "brier_null": first["brier_null"],
        "slope": first["calibration"]["slope"]["value"],
        "intercept": first["calibration"]["intercept"]["value"],
        "features": card["influences"],
        "leaks": card["findings"],
    }

"""The first two steps of an import: the file, which then waits under its own address, and the mapping."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from loopcare.common import clock
from loopcare.common.bell import ring
from loopcare.common.errors import Invalid
from loopcare.staff.access import StaffRequest, roles
from surveys.forms.imports import MappingFileForm, MappingForm, UploadForm
from surveys.logic.columns import with_date_format
from surveys.services.previewing import Sample, preview, sample_of
from surveys.services.starting import Start, choices, start_with
from surveys.services.uploads import discard, keep_upload, queue_import, throw_away, upload_key, upload_path
from surveys.views.pool import IMPORTERS

RUN = "surveys.tasks.run_imports"


@roles(*IMPORTERS)
def new_import(request: StaffRequest) -> HttpResponse:
    """The file; posted, it waits for its mapping. `mapping` in the query names the one to begin with."""
    if request.method != "POST":
        return render(request, "surveys/imports/file.html", {"form": UploadForm()})
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        path = keep_upload(form.cleaned_data["file"], now=clock.now())
        try:
            sample_of(path)
        except Invalid as error:
            discard(path)
            form.add_error("file", error.message)
        else:
            return redirect(_address(path, request.GET.get("mapping", "")))
    return render(request, "surveys/imports/file.html", {"form": form}, status=422)


@roles(*IMPORTERS)
def map_file(request: StaffRequest, key: UUID) -> HttpResponse:
    """What the columns of a kept file mean, by a mapping to choose, write and mend; then the dry run."""
    path = upload_path(key)
    step = MappingStep(request, path)
    if request.method != "POST":
        return step.page(MappingForm(initial={"mapping": step.start.text, "source": step.start.source}))
    if request.POST.get("act") == "take":
        return step.take()
    if date_format := request.POST.get("date_format"):
        return step.page(step.changed(mapping=with_date_format(_text(request), date_format)), told=True)
    if request.POST.get("act") == "read":
        return step.page(step.changed(mapping=_text(request)), told=True)
    return step.check()


@roles(*IMPORTERS)
@require_POST
def read_mapping(request: StaffRequest, key: UUID) -> HttpResponse:
    """What a mapping that is being written makes of the columns."""
    sample = sample_of(upload_path(key))
    context = {"preview": preview(sample=sample, text=_text(request), now=clock.now())}
    return render(request, "surveys/imports/reading.html", context)


@roles(*IMPORTERS)
@require_POST
def throw_file_away(request: StaffRequest, key: UUID) -> HttpResponse:
    """Forget a kept file and what was tried with it."""
    throw_away(path=upload_path(key))
    messages.success(request, _("The file is thrown away; nothing of it was imported."))
    return redirect("surveys:imports")


class MappingStep:
    """One request of the mapping step."""

    def __init__(self, request: StaffRequest, path: Path) -> None:
        self.request = request
        self.path = path
        self.sample: Sample = sample_of(path)
        self.file_form = MappingFileForm()

    @cached_property
    def start(self) -> Start:
        """What the page begins with; a draft takes a second of a large file, so only a page that is shown asks."""
        choice = self.request.GET.get("mapping", "")
        return start_with(choice=choice, path=self.path, header=self.sample.header)

    def changed(self, **values: str) -> MappingForm:
        """The form as it was sent, with some values changed; nothing of it is judged yet."""
        sent = {name: self.request.POST.get(name, "") for name in MappingForm.base_fields}
        return MappingForm(initial=sent | values)

    def take(self) -> HttpResponse:
        """The text of an uploaded mapping, in place of what stood there."""
        self.file_form = MappingFileForm(self.request.POST, self.request.FILES)
        if not self.file_form.is_valid():
            return self.page(self.changed(), status=422)
        return self.page(self.changed(mapping=self.file_form.cleaned_data["mapping_file"]), told=True)

    def check(self) -> HttpResponse:
        """Queue the dry run."""
        form = MappingForm(self.request.POST)
        if form.is_valid():
            try:
                batch = queue_import(
                    path=self.path,
                    mapping_text=form.cleaned_data["mapping"],
                    source_code=form.cleaned_data["source"] or None,
                    now=clock.now(),
                    created_by=self.request.user,
                    dry_run=True,
                )
            except Invalid as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                ring(RUN)
                return redirect("surveys:import", batch.pk)
        return self.page(form, status=422)

    def page(self, form: MappingForm, *, status: int = 200, told: bool = False) -> HttpResponse:
        """`told`: the reader asked what the mapping makes of the file, and is led there."""
        seen = preview(sample=self.sample, text=str(form["mapping"].value() or ""), now=clock.now())
        context = {
            "form": form,
            "file_form": self.file_form,
            "file": {"name": self.path.name, "key": upload_key(self.path), "bytes": self.path.stat().st_size},
            "start": self.start,
            "choices": choices(header=self.sample.header, current=self.start),
            "preview": seen,
            "told": told,
        }
        return render(self.request, "surveys/imports/mapping.html", context, status=status)


def _text(request: StaffRequest) -> str:
    """The mapping's text as it was sent; a browser sends line ends of its own."""
    return str(request.POST.get("mapping", "")).replace("\r\n", "\n")


def _address(path: Path, choice: str) -> str:
    query = QueryDict(mutable=True)
    if choice:
        query["mapping"] = choice
    address = reverse("surveys:map_file", args=[upload_key(path)])
    return f"{address}?{query.urlencode()}" if choice else address

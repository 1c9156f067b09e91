"""Addresses of the pages of stages 1 and 2, and of the customer's own page."""

from django.urls import path

from surveys.views import answers, customers, imports, pool, segments

app_name = "surveys"
urlpatterns = [
    path("pool/", pool.board, name="pool"),
    path("pool/entries/", pool.entries, name="entries"),
    path("customers/<int:pk>/", customers.customer, name="customer"),
    path("customers/<int:pk>/points/<int:point>/reveal/", customers.reveal_point, name="reveal_point"),
    path("segments/", segments.segments, name="segments"),
    path("segments/new/", segments.new_segment, name="new_segment"),
    path("segments/check/", segments.check_rule, name="check_rule"),
    path("segments/<int:pk>/", segments.segment, name="segment"),
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.new_import, name="new_import"),
    path("imports/start/", imports.start_import, name="start_import"),
    path("imports/<int:pk>/", imports.one_import, name="import"),
    path("imports/<int:pk>/rejects.csv", imports.rejects_file, name="rejects_file"),
    path("s/<str:token>/", answers.survey, name="survey"),
]

"""Addresses of the pages of stage 4."""

from django.urls import path

from evaluation.views import evaluations

app_name = "evaluation"
urlpatterns = [
    path("evaluations/", evaluations.evaluations, name="evaluations"),
    path("evaluations/<int:campaign_id>/", evaluations.evaluation, name="evaluation"),
    path("evaluations/<int:campaign_id>/effects.csv", evaluations.effects_csv, name="effects_csv"),
    path("evaluations/<int:campaign_id>/read-out/", evaluations.read_out, name="read_out"),
]

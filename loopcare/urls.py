"""The table of contents: every page and API prefix."""

from django.urls import include, path
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from careplans.api.urls import router as careplans_api
from evaluation.api.urls import router as evaluation_api
from loopcare.staff import views as staff_views
from loopcare.staff.access import public, roles
from surveys.api.urls import router as surveys_api

api = [
    *surveys_api.urls,
    *careplans_api.urls,
    *evaluation_api.urls,
    path("schema/", roles()(SpectacularAPIView.as_view()), name="schema"),
    path("docs/", roles()(SpectacularSwaggerView.as_view(url_name="api:schema")), name="docs"),
]

urlpatterns = [
    path("", staff_views.home, name="home"),
    path("healthz", staff_views.healthz, name="healthz"),
    path("readyz", staff_views.readyz, name="readyz"),
    path("language/", public(set_language), name="set_language"),
    path("", include("loopcare.staff.urls")),
    path("", include("surveys.urls")),
    path("", include("careplans.urls")),
    path("", include("evaluation.urls")),
    path("api/v1/", include((api, "api"))),
]


"""The table of contents: every page and API prefix."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from loopcare.staff.access import public, roles
from loopcare.staff.views import home as staff_views

api: list[URLPattern | URLResolver] = [
    path("", include("surveys.api.urls")),
    path("", include("careplans.api.urls")),
    path("", include("evaluation.api.urls")),
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

"""The API's prefixes of stage 3, mounted under /api/v1/."""

from rest_framework.routers import SimpleRouter

from careplans.api import views
from careplans.api.priority import PriorityFactors

router = SimpleRouter()
router.register("strategies", views.Strategies)
router.register("campaigns", views.Campaigns)
router.register("assignments", views.Assignments)
router.register("cases", views.Cases)
router.register("priority-factors", PriorityFactors, basename="priority-factor")

urlpatterns = router.urls

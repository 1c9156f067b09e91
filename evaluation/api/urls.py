from rest_framework.routers import SimpleRouter

from evaluation.api import views

router = SimpleRouter()
router.register("evaluations", views.Evaluations, basename="evaluation")

urlpatterns = router.urls

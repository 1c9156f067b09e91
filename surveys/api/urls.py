"""The API's prefixes of stages 1 and 2, mounted under /api/v1/."""

from rest_framework.routers import SimpleRouter

from surveys.api import views

router = SimpleRouter()
router.register("pool-entries", views.PoolEntries)
router.register("customers", views.Customers)
router.register("causes", views.Causes)
router.register("segments", views.Segments)
router.register("imports", views.Imports)
router.register("invitations", views.Invitations)

urlpatterns = router.urls

"""The API's prefixes of stages 1 and 2, mounted under /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from surveys.api import monitoring, views
from surveys.api.causes import Causes
from surveys.api.detection import DetectionRules
from surveys.api.imports import Imports
from surveys.api.ingest import Signals
from surveys.api.levels import Levels
from surveys.api.scanning import ScanRules, Scans, Warehouses
from surveys.api.silent import SilentModels
from surveys.api.tiers import TierRules

router = SimpleRouter()
router.register("pool-entries", views.PoolEntries)
router.register("customers", views.Customers)
router.register("causes", Causes)
router.register("segments", views.Segments)
router.register("detection-rules", DetectionRules)
router.register("levels", Levels)
router.register("imports", Imports)
router.register("warehouses", Warehouses)
router.register("scan-rules", ScanRules)
router.register("scans", Scans)
router.register("silent-models", SilentModels)
router.register("tier-rules", TierRules)
router.register("invitations", views.Invitations)
router.register("alarms", monitoring.Alarms)
router.register("incidents", monitoring.Incidents)

urlpatterns = [path("signals/", Signals.as_view(), name="signals"), *router.urls]

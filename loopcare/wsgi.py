"""The WSGI application that granian serves."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopcare.settings")
if not os.environ.get("LOOPCARE_SECRET_KEY"):
    raise ImproperlyConfigured("LOOPCARE_SECRET_KEY is not set: pages cannot be served without it.")
application = get_wsgi_application()

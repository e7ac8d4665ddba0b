"""The WSGI entry point that `manage.py serve` loads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingadmin.settings")
application = get_wsgi_application()

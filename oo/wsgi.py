import os

from django.core.wsgi import get_wsgi_application

import oo.celery  # noqa: F401  (so that jobs woken from here find their broker)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oo.settings")
application = get_wsgi_application()

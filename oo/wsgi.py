import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oo.settings")
django = get_wsgi_application()

# Reads the settings, so it comes after Django is set up.
from oo.lib.limits import Utf8Only  # noqa: E402

application = Utf8Only(django)

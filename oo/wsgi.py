import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oo.settings")
django = get_wsgi_application()

# These read the settings, so they come after Django is set up.
from oo.lib.limits import Utf8Only  # noqa: E402
from recommender.live import warm  # noqa: E402

warm()
application = Utf8Only(django)

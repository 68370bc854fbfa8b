"""The Celery application. `celery -A oo.celery worker`, `celery -A oo.celery beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oo.settings")

app = Celery("oo")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")
app.set_default()

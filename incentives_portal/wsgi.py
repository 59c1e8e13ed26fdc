"""The door for the web server."""

import gc
import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "incentives_portal.settings")
# Where the processes of this server count their requests together (incentives_portal/core/metrics.py).
if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(folder).mkdir(parents=True, exist_ok=True)
application = get_wsgi_application()
# What is loaded by now, every view with it, stays as long as the process: the garbage collector looks only through what requests
# leave, else a page of many rows waits for it to walk through all of Django.
_ = get_resolver().url_patterns  # loads every view
gc.collect()
gc.freeze()

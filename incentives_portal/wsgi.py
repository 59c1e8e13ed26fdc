"""The door for the web server."""

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

from incentives_portal.core.loading import load_for_good

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "incentives_portal.settings")
# Where the processes of this server count their requests together (incentives_portal/core/metrics.py).
if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(folder).mkdir(parents=True, exist_ok=True)
application = get_wsgi_application()
load_for_good()

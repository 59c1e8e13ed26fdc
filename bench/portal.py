"""A portal of one's own for a measurement: PostgreSQL as it runs in production (fsync on), migrated, with nothing in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from incentives_portal.local.places import Places
from incentives_portal.local.services import Services


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """Starts the services, sets Django up on them and gives their environment."""
    root = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    root.chmod(0o755)
    services = Services(Places(root))
    try:
        services.start()
        environment = {**services.environment, "TESTING": "1", "DJANGO_SETTINGS_MODULE": "incentives_portal.settings"}
        os.environ.update(environment)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield environment
    finally:
        services.stop()
        shutil.rmtree(root, ignore_errors=True)

"""The portal as it is deployed, with a few addresses more that are only there to be measured."""

import os

from incentives_portal.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
STATIC_ROOT = os.environ["BENCH_STATIC"]

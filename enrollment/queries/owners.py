"""Who can act where the viewer can't (rule ACC-7): the incentives admins in scope, else who can assign one."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.text import format_lazy  # noqa: F401

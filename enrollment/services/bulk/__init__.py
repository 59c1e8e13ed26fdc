"""Many enrollments at once: started by a person, done row by row by the workers (rule ENR-5)."""

from .running import run_due
from .starting import Wanted, start

__all__ = ["Wanted", "run_due", "start"]

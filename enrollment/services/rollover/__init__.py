"""A fiscal year ends: planned, approved by a second person, applied (rules FIS-2, FIS-3)."""

from .applying import Applied, apply, continue_ended_years
from .planning import approve, plan, summary

__all__ = ["Applied", "apply", "approve", "continue_ended_years", "plan", "summary"]

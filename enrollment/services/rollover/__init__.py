"""A fiscal year ends: planned, approved by a second person, applied (rules FIS-2, FIS-3)."""

from .applying import Applied, apply, continue_ended_years, must_be_due, pause, report, resume
from .planning import approve, begin, finish, plan, summary

__all__ = [
    "Applied",
    "apply",
    "approve",
    "begin",
    "continue_ended_years",
    "finish",
    "must_be_due",
    "pause",
    "plan",
    "report",
    "resume",
    "summary",
]

"""A fiscal year ends: planned, approved by a second person, applied (rules FIS-2, FIS-3)."""

from .applying import Applied, apply, continue_ended_years, go_on, must_be_due, pause, report, start
from .planning import approve, begin, finish, forecast, plan, summary

__all__ = [
    "Applied",
    "apply",
    "approve",
    "begin",
    "continue_ended_years",
    "finish",
    "forecast",
    "go_on",
    "must_be_due",
    "pause",
    "plan",
    "report",
    "start",
    "summary",
]

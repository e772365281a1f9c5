"""Planning a day, in two halves with the planner between them: nothing is locked while it thinks."""

from cloud.services.gather_day import DayData, DaySpan, gather_day
from cloud.services.store_plan import store_plan

__all__ = ["DayData", "DaySpan", "gather_day", "store_plan"]

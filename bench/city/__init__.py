"""The ruler for a city's day: the same generated parcels for our planner and for its peers."""

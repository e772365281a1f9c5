"""A simulated week of a city's parcels by policy: what a failed attempt becomes, and what that costs."""

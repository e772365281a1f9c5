"""Pages for people: a recipient's parcel, a courier's day, an operator's fleet. They call what the API calls."""

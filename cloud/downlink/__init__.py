"""The cloud's side of the link: what lockers send is recorded before it is acknowledged, what they need is sent."""

"""The house rules as tests. Every checker here is also shown a small wrong example, which it must find."""

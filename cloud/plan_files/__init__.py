"""A day planned from files alone: no database, no service, nothing to set up; ``latchmile-plan`` is its command."""

"""The world: real lockers and the real cloud in one process, in virtual time, from a seed. Start in ``world.py``."""

"""The main job on real parts, for a stranger: a city, its lockers, its couriers and its recipients, in one command."""

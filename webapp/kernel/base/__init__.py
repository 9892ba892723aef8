"""The ground floor: database, clock, ids, settings and the two ways to say no."""

"""A shelter's desk: needs, pledges, arrivals, the paper form."""

"""Labels of parcels and shelter cards: format, keys, paper."""

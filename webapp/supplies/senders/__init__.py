"""Who sends goods: accounts, offers, shipments, labels to print."""

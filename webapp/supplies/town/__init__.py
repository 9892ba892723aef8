"""The town's desk: disasters, shelters, the item master, boards and statistics."""

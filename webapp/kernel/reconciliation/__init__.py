"""突合: typed discrepancies as rooms work them out, the open list, and who closed which with what reason."""

"""Ashiato (足あと): scan it, and the trail proves itself. ARCHITECTURE.md is the map."""

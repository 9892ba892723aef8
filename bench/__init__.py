"""Measurements that can be repeated: `make bench` (or `python -m bench intake pages --quick`).

Every ratio is taken between two things measured in the same run on the same machine; `RESULTS.md` holds the runs,
newest first. The load goes through real sockets to gunicorn with the settings of production, over a SQLite file in
WAL mode whose every commit is synced.
"""

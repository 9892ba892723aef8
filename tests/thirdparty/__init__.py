"""Judges that we did not write: Go's sumdb packages and C2SP witnesses from the package index."""

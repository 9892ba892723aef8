"""Nodes of other organisations, as real processes over HTTP, against a log that can lie."""

"""The node of another organisation: it witnesses a log and keeps a full, verified copy. Own keys, own store."""

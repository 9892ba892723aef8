"""Photos that prove a scan: kept by their SHA-256, exactly the bytes the phone hashed, served as derivatives.

A scan names its photos by hash and may arrive before them; `queries.present` tells which are still awaited.
Nothing here knows what a photo shows or who may see it: the app registers a function for that
(`app.extensions["evidence_access"]`: sha256 → bool, asked with the request's person; without it nobody may).
"""

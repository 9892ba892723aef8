"""Tags and how they are read: codes, their QR symbols, sheets of stickers, and photographs of them.

`codes` is pure and mirrored by `static/pwa/scanning/codes.js`; both pass `tests/vectors/codes.json`.
`qr` and `labels` make what is printed, `photo` reads what a phone could not, `api` is its HTTP door.
Nothing here knows what a code is stuck on: that is the business of the rooms.
"""

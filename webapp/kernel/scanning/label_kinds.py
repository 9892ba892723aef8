"""The word and the picture on a sticker, so that nobody sticks a cage's code on a lock."""

#: kind → (word, SVG path in a 24 × 24 box). Drawn for print: black only, no line thinner than 2 units.
WORDS_AND_ICONS: dict[str, tuple[str, str]] = {
    "device": ("端末", "M4 4h16v11H4zM6 6v7h12V6zM1 17h22v3H1z"),
    "drive": ("ドライブ", "M3 5h18v14H3zM5 7v6h14V7zM5 15v2h9v-2zM16 15v2h3v-2z"),
    "cage": (
        "ケージ",
        (
            "M2 2h20v18H2zM4 4v6h4V4zM10 4v6h4V4zM16 4v6h4V4zM4 12v6h4v-6zM10 12v6h4v-6zM16 12v6h4v-6z"
            "M4 21h3v3H4zM17 21h3v3h-3z"
        ),
    ),
    "lock": ("錠", "M6 10V7a6 6 0 0 1 12 0v3h2v12H4V10zM9 10h6V7a3 3 0 0 0-6 0zM11 14v4h2v-4z"),
    "seal": ("封印", "M12 1l11 11-11 11L1 12zM12 5l-7 7 7 7 7-7zM8 11h8v2H8z"),
    "parcel": ("荷物", "M2 6l10-5 10 5v12l-10 5-10-5zM4 8.5v8.3l7 3.5v-8.3zM20 8.5l-7 3.5v8.3l7-3.5z"),
    "person": ("職員証", "M12 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM2 22c0-5 4-8 10-8s10 3 10 8z"),
    "shelter": ("避難所", "M12 2l11 9h-3v11h-6v-7h-4v7H4V11H1z"),
    "place": (
        "場所",
        "M12 1a8 8 0 0 1 8 8c0 5-8 14-8 14S4 14 4 9a8 8 0 0 1 8-8zM12 6a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
    ),
}
PLAIN = ("", "")  # a kind without a word of its own: the caption alone speaks

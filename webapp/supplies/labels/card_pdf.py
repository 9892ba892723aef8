"""A shelter's card on paper: A6, to be laminated and kept where the shelter's things are."""

from webapp.kernel.base.clock import show_full
from webapp.kernel.documents import symbols
from webapp.supplies.labels.cards import CardFace
from webapp.supplies.labels.pdf import to_pdf


def render(face: CardFace, *, base: str) -> bytes:
    """The PDF of one card; `base` is our public address, where the app is found."""
    until = show_full(face.until).partition("日")[0] + "日"
    address = f"{base.removeprefix('https://')}/app/"
    return to_pdf("card.html", face=face, qr=symbols.symbol(face.text), until=until, address=address)

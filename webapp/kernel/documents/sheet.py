"""A proof as an A4 document: WeasyPrint, fonts embedded, nothing fetched."""

from pathlib import Path
from typing import NoReturn

from flask import render_template

from webapp.kernel.documents import symbols
from webapp.kernel.documents.proofs import Proof

_STYLE = Path(__file__).parent / "templates" / "documents" / "proof_sheet.css"


def render(proof: Proof, base: str, at_ms: int) -> bytes:
    """The PDF: page 1 for everybody, page 2 for who checks it without our programs. `base`: our public address."""
    import weasyprint  # slow to load, and only who prints needs it

    page = render_template(
        "documents/proof_sheet.html",
        proof=proof,
        verify=f"{base}/verify",
        door=symbols.symbol(f"{base}/verify".upper()),
        at=at_ms,
        steps=STEPS,
    )
    style = weasyprint.CSS(string=_STYLE.read_text(encoding="utf-8"), url_fetcher=_nothing_from_outside)
    pdf: bytes = weasyprint.HTML(string=page, url_fetcher=_nothing_from_outside).write_pdf(
        stylesheets=[style]
    )
    return pdf


#: How to check the paper when neither our server nor our programs exist any more (docs/paper-proof.md in full).
STEPS = (
    "大きなQRを、どれでもよいQRリーダーで読む。ASHIATO1: で始まる文字が得られる。",
    "ASHIATO1: を除いた残りを base45（RFC 9285）で戻す。",
    "順に読む：台帳の名前、台帳の大きさ、順番、32バイトずつのハッシュ、署名、記録。",
    "記録の部分を deflate（RFC 1951、辞書は docs/paper-proof.md）で開く。下の「記録の原文」になる。",
    "SHA-256(00‖原文) から始めて、ハッシュと順に合わせ、根を計算する（RFC 6962）。",
    "「台帳の名前・大きさ・根（base64）」の3行を書く（C2SP tlog-checkpoint）。",
    "台帳の署名（Ed25519）が、この3行のものか確かめる。",
    "連署（C2SP tlog-cosignature）も同じ3行と時刻のものか確かめ、必要な数があれば真正。",
)


def _nothing_from_outside(url: str, *_args: object, **_options: object) -> NoReturn:
    raise ValueError(f"a proof fetches nothing: {url}")

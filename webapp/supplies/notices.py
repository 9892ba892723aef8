"""The mails of this room, in words for somebody who stands in a gymnasium or in a convenience store.

Short sentences, what to do first, one button. A drill says 「訓練」 in the subject and in the first line.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from webapp.kernel.base.clock import show_date, show_time
from webapp.kernel.notifications.models import Notice
from webapp.kernel.notifications.service import Link, Mail, Renderer, link
from webapp.supplies import entries as kinds
from webapp.supplies import telling
from webapp.supplies.notice_cases import Case, Place, case_of
from webapp.supplies.steps import PLEDGE_LIVES_MS, MatchState, ReceiveMode

#: (name, value); without a value it is not written.
Facts = Sequence[tuple[str, str]]
_Writer = Callable[[Case], Mail | None]
#: Nothing is to be done any more: a mail that asks for something would do harm.
_CALLED_OFF = frozenset({MatchState.DECLINED, MatchState.LAPSED, MatchState.CANCELLED})
_MOST_SUBJECT = 180


def _mail(
    case: Case,
    subject: str,
    lines: Sequence[str],
    facts: Facts = (),
    links: Sequence[Link] = (),
    closing: Sequence[str] = (),
) -> Mail:
    drill = case.disaster.drill
    mark = "【訓練】" if drill else ""
    head = ["【訓練】これは訓練のメールです。実際の災害ではありません。"] if drill else []
    told = [(name, value) for name, value in (*facts, ("災害", case.disaster_name)) if value]
    return Mail(case.to, f"{mark}【足あと】{subject}"[:_MOST_SUBJECT], [*head, *lines], told, links, closing)


def _subject(case: Case, what: str, quantity: int) -> str:
    """「届きました: 紙おむつ M 40枚（第1体育館）」: the thing that matters first, a phone cuts the rest."""
    return f"{what}: {case.goods} {case.amount(quantity)}（{case.name}）"


def _goods(case: Case, quantity: int) -> Facts:
    return [("品目", case.goods), ("数量", case.amount(quantity)), case.dated, ("アレルゲン", case.allergens)]


def _desk(case: Case, text: str, page: str) -> Link:
    """A page of the shelter's desk, in this disaster: another one may be what its reader looked at last."""
    where = f"/desk/{case.to_shelter or case.match.shelter}/{page}"
    return link(text, where if case.match.id in page else f"{where}?disaster={case.match.disaster}")


def _sent(case: Case, text: str) -> Link:
    """The page of a shipment for who sends it."""
    return link(text, f"/send/{case.match.id}")


def _asked(case: Case) -> int:
    """As many as this notice was about; later changes have notices of their own."""
    return int(case.notice.facts.get("quantity", case.match.quantity))


def held(case: Case) -> Mail | None:
    """① to the shelter: somebody wants to send what it needs."""
    if case.match.state in _CALLED_OFF:
        return None
    until = show_time((case.match.pledged_at or case.notice.caused_at) + PLEDGE_LIVES_MS)
    lines = [
        f"「{case.shelter.name}」に、物資の申し出がありました。",
        "受け取るときは、「送付依頼」を押してください。押すと、相手に送り先が伝わります。",
        f"{until}までに返事がないと、申し出は取り消されます。",
    ]
    facts = [*_goods(case, _asked(case)), ("申し出た人", case.sender), ("返事の期限", until)]
    links = [_desk(case, "申し出を見て、返事をする", f"pledges/{case.match.id}")]
    return _mail(case, _subject(case, "申し出がありました", _asked(case)), lines, facts, links)


def requested(case: Case) -> Mail | None:
    """③ to the sender: please send it. Only now they learn where to."""
    if case.match.state in _CALLED_OFF:
        return None
    again = bool(case.notice.facts.get("again"))
    links = [_sent(case, "ラベルを出して、発送を知らせる")]
    what = "ラベルが新しくなりました" if again else "送ってください"
    lines = _relabelled(case) if again else _please(case)
    facts = [*_goods(case, _asked(case)), *_destination(case.unloaded_at, case.shelter)]
    closing = ["送れなくなったときは、同じページの「取り消す」を押してください。"]
    return _mail(case, _subject(case, what, _asked(case)), lines, facts, links, closing)


def _please(case: Case) -> list[str]:
    return [
        f"{case.town}の「{case.shelter.name}」から、送付の依頼が届きました。ありがとうございます。",
        "1. 下のページで数量を確かめ、ラベルを印刷して箱に貼ります（コンビニでも印刷できます）。",
        "2. 荷物を出します。",
        "3. 同じページの「発送」を押します。",
        "ラベルを印刷できないときは、ページに出る番号を箱に大きく書いてください。",
    ]


def _relabelled(case: Case) -> list[str]:
    parcels = case.notice.facts.get("parcels", case.match.parcels)
    return [
        f"「{case.shelter.name}」あての荷物の数が変わり、ラベルが新しくなりました（{parcels}箱）。",
        "前のラベルは使えません。新しいラベルを貼ってください。",
    ]


def _destination(to: Place, shelter: Place) -> Facts:
    held_back = "運送会社の営業所止めで送ってください" if to.receive_mode == ReceiveMode.DEPOT else ""
    name = to.name if to.id == shelter.id else f"{to.name}（「{shelter.name}」あて）"
    return [("送り先", name), ("住所", to.address), ("電話", to.phone), ("送り方", held_back)]


def shipped(case: Case) -> Mail | None:
    """② to the shelter, and to the hub where it is unloaded: when, how much room it takes, what it is."""
    match, quantity = case.match, _asked(case)
    eta = show_date(match.eta) if match.eta is not None else ""
    hub = case.to_shelter != match.shelter
    where = "ここに届きます。" if hub else ""
    lines = [
        f"「{case.shelter.name}」あての荷物が発送されました。{where}",
        "置き場所をあけておいてください。届いたら、箱のQRコードを読み取ってください。",
    ]
    facts = [
        ("到着予定", eta), *_goods(case, quantity), ("箱の数", f"{match.parcels:,}箱"),
        ("大きさ", case.volume(quantity)), ("重さ", case.weight(quantity)), ("送った人", case.sender),
        ("伝票番号", case.tracking),
    ]  # fmt: skip
    links = [_desk(case, "届く予定を見る", "arrivals" if hub else f"shipments/{match.id}")]
    return _mail(case, _subject(case, "発送されました", quantity), lines, facts, links)


def arrived(case: Case) -> Mail | None:
    """④ to the sender, at the first scan: it is there, and where it really is."""
    facts = case.notice.facts
    real = case.place(facts["place"])
    lines = [_arrival(case, real, stays=bool(facts.get("stays"))), "ありがとうございました。"]
    rows = [
        ("品目", case.goods),
        ("数量", case.amount(case.match.quantity)),
        ("届いた場所", real.name),
        ("届いた日時", show_time(facts.get("at", case.notice.caused_at))),
    ]
    seen = [link("荷物の記録を見る", f"/t/{case.code}")] if case.code else []
    return _mail(case, _subject(case, "届きました", case.match.quantity), lines, rows, seen)


def _arrival(case: Case, real: Place, *, stays: bool) -> str:
    if real.id == case.shelter.id:
        return f"お送りいただいた荷物が「{real.name}」に届きました。"
    if stays:
        meant = f"「{case.shelter.name}」あてでしたが、ここで使います。"
        return f"お送りいただいた荷物は「{real.name}」で受け取りました。{meant}"
    return f"お送りいただいた荷物が「{real.name}」に着きました。ここから「{case.shelter.name}」へ運びます。"


def elsewhere(case: Case) -> Mail | None:
    """To the shelter that will not get it: what is missing is open again."""
    real = case.place(case.notice.facts["place"]).name
    lines = [
        f"「{case.shelter.name}」あての荷物を「{real}」が受け取りました。この荷物は届きません。",
        "足りない分は、必要物資の一覧に戻りました。",
    ]
    subject = _subject(case, "ほかの避難所が受け取りました", case.match.quantity)
    return _mail(
        case, subject, lines, _goods(case, case.match.quantity), [_desk(case, "必要物資を見る", "needs")]
    )


def _others(case: Case) -> Link:
    return link("ほかの避難所の必要物資を見る", f"/relief/{case.notice.log}")


def declined(case: Case) -> Mail | None:
    """To the sender: the shelter cannot take it."""
    lines = [
        f"「{case.name}」は、今回は受け取れないことになりました。荷物は送らないでください。",
        "お申し出ありがとうございました。ほかの避難所で必要とされているかもしれません。",
    ]
    return _off(case, "今回は送らないでください", lines)


def lapsed(case: Case) -> Mail | None:
    """To the sender: nobody has answered."""
    lines = [
        f"「{case.name}」から48時間返事がなかったため、申し出を取り消しました。荷物は送らないでください。",
        "品物は「提供物資」に残っています。ほかの避難所から依頼が来ることがあります。",
    ]
    return _off(case, "返事がなく、取り消しました", lines)


def cancelled(case: Case) -> Mail | None:
    """To the side that did not call it off; after 「もう要りません」 before they go to the shop."""
    by = case.notice.facts.get("by", "")
    if by == "sender":
        lines = [
            "支援者の都合で、荷物は送られないことになりました。",
            "足りない分は、必要物資の一覧に戻りました。",
        ]
        subject = _subject(case, "送られなくなりました", case.match.quantity)
        return _mail(
            case, subject, lines, _goods(case, case.match.quantity), [_desk(case, "必要物資を見る", "needs")]
        )
    if by == "stop":
        lines = [
            f"「{case.name}」では、これはもう要りません。お店に行かないでください。荷物は送らないでください。",
            "お気持ちに感謝します。ほかの避難所では、まだ必要なものがあります。",
        ]
        return _off(case, "もう要りません", lines)
    lines = [
        f"「{case.name}」が依頼を取り消しました。荷物は送らないでください。印刷したラベルは使えません。",
        "お申し出ありがとうございました。",
    ]
    return _off(case, "依頼が取り消されました", lines)


def _off(case: Case, what: str, lines: Sequence[str]) -> Mail:
    quantity = case.match.quantity
    return _mail(case, _subject(case, what, quantity), lines, _goods(case, quantity), [_others(case)])


def differed(case: Case) -> Mail | None:
    """To the sender, once: what was counted is not what the label says. None if it was corrected since."""
    match = case.match
    missing = match.missing + (case.uncounted() if match.closed_short else 0)
    if not (match.damaged or match.expired or missing):
        return None
    usable = match.quantity - match.damaged - match.expired - missing
    lines = [
        f"「{case.name}」で荷物を数えたところ、ラベルの数と違いました。記録としてお知らせします。",
        "足りない分は、必要物資の一覧に戻りました。",
    ]
    found = [
        ("使えるもの", max(0, usable)),
        ("傷んでいたもの", match.damaged),
        ("期限が過ぎたもの", match.expired),
        ("入っていなかったもの", missing),
    ]
    rows = [("品目", case.goods), ("送った数", case.amount(match.quantity))]
    rows += [(name, case.amount(count)) for name, count in found]
    return _mail(case, _subject(case, "数が違いました", match.quantity), lines, rows, [_side_page(case)])


def _side_page(case: Case) -> Link:
    """The shipment as this recipient's side sees it."""
    receiver, text = case.to_shelter == case.match.shelter, "この便を見る"
    return _desk(case, text, f"shipments/{case.match.id}") if receiver else _sent(case, text)


def lost(case: Case) -> Mail | None:
    """To both: it will not come. None if it has come after all."""
    if case.match.state != MatchState.LOST:
        return None
    lines = [
        f"「{case.name}」あての荷物は、届かないものとして記録されました。",
        "あとから届いたときは、ラベルを読み取れば「到着」に戻ります。",
    ]
    quantity = case.match.quantity
    subject = _subject(case, "届きませんでした", quantity)
    facts = [*_goods(case, quantity), ("伝票番号", case.tracking)]
    return _mail(case, subject, lines, facts, [_side_page(case)])


def asked(case: Case) -> Mail | None:
    """To both, three days after it was due. None if it has come."""
    if case.match.state != MatchState.SHIPPED:
        return None
    receiver = case.to_shelter == case.match.shelter
    do = (
        "届いているときは、箱のQRコードを読み取ってください。届いていないときは、そのままでかまいません。"
        if receiver
        else "お手数ですが、運送会社に届いたかどうかを確かめてください。"
    )
    lines = [
        f"「{case.name}」あての荷物が、予定の日を3日過ぎても「到着」になっていません。",
        do,
    ]
    match = case.match
    due = show_date(match.eta) if match.eta is not None else ""
    facts = [*_goods(case, match.quantity), ("到着予定", due), ("伝票番号", case.tracking)]
    return _mail(case, _subject(case, "届いていますか", match.quantity), lines, facts, [_side_page(case)])


_WRITERS: Mapping[str, tuple[str, _Writer]] = {
    kinds.HELD: ("① 申し出", held),
    kinds.SHIPPED: ("② 発送", shipped),
    kinds.REQUESTED: ("③ 送付依頼", requested),
    telling.ARRIVED: ("④ 受領", arrived),
    telling.ELSEWHERE: ("ほかの避難所での受け取り", elsewhere),
    telling.DIFFERED: ("数の違い", differed),
    kinds.DECLINED: ("辞退", declined),
    kinds.LAPSED: ("申し出の期限切れ", lapsed),
    kinds.CANCELLED: ("取り消し", cancelled),
    kinds.LOST: ("不着", lost),
    kinds.ASKED: ("到着の確認", asked),
}


def _renderer(write: _Writer) -> Renderer:
    def render(session: Session, notice: Notice) -> Mail | None:
        return write(case_of(session, notice))

    return render


#: Kind of notice → what it is called on screen, and who writes it (`wiring`).
RENDERERS: Mapping[str, tuple[str, Renderer]] = {
    kind: (title, _renderer(write)) for kind, (title, write) in _WRITERS.items()
}

"""Mails about a sender's account: the link to verify, 「登録があります」, and the link for another password."""

from sqlalchemy.orm import Session

from webapp.kernel.base.clock import now_ms, show_time
from webapp.kernel.identity.authentication import LINK_LIVES, behind_link
from webapp.kernel.notifications import service as notices
from webapp.kernel.notifications.models import Notice
from webapp.kernel.notifications.service import Mail, Renderer
from webapp.supplies.senders.accounts import KNOWN, RESET, VERIFY, MailLink, token_of

_STRANGER = "心当たりのない方は、このメールを捨ててください。何も起きません。"


def _verify(session: Session, notice: Notice) -> Mail | None:
    """The link that makes an account and what was offered with it good. None once it is used or too old."""
    link = session.get(MailLink, notice.about)
    if link is None or link.used_ms is not None or link.expires_ms < now_ms():
        return None
    return Mail(
        notices.addresses(session, "", notice.recipient),
        "【足あと】メールアドレスの確認",
        [
            "支援物資を送るための登録を受け付けました。",
            "下のボタンを開いて「はい、わたしです」を押すと、申し出が避難所に届きます。",
        ],
        facts=[("有効期限", show_time(link.expires_ms) + " まで（1回だけ使えます）")],
        links=[notices.link("メールアドレスを確認する", f"/send/verify/{token_of(link.id)}")],
        closing=[_STRANGER],
    )


def _known(session: Session, notice: Notice) -> Mail | None:
    return Mail(
        notices.addresses(session, "", notice.recipient),
        "【足あと】すでに登録があります",
        [
            "このメールアドレスで、支援者の登録をもう一度しようとした方がいます。",
            "すでに登録があるので、新しい登録と申し出は受け付けていません。ログインしてから、もう一度お願いします。",
        ],
        links=[
            notices.link("ログインする", "/login?next=/send"),
            notices.link("パスワードを忘れたとき", "/send/forgot"),
        ],
        closing=[_STRANGER],
    )


def _reset(session: Session, notice: Notice) -> Mail | None:
    token = token_of(notice.about)
    if behind_link(token, now=now_ms()) is None:
        return None
    until = show_time(notice.caused_at + LINK_LIVES)
    return Mail(
        notices.addresses(session, "", notice.recipient),
        "【足あと】パスワードの設定",
        ["下のボタンから、新しいパスワードを決めてください。"],
        facts=[("有効期限", until + " まで（1回だけ使えます）")],
        links=[notices.link("新しいパスワードを決める", f"/reset/{token}")],
        closing=[_STRANGER],
    )


#: Kind → its name on screen, and who writes it.
RENDERERS: dict[str, tuple[str, Renderer]] = {
    VERIFY: ("支援者のメールアドレスの確認", _verify),
    KNOWN: ("支援者の登録がすでにあること", _known),
    RESET: ("支援者のパスワードの設定", _reset),
}

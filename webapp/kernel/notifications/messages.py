"""Codes of this package in the user's language."""

from types import MappingProxyType

from webapp.kernel.notifications.entries import NoticeState, Reason

SENTENCES = {
    "notices.not_allowed": "お知らせを送り直せるのは、この台帳の自治体の職員とシステム管理者です。",
    "notices.unknown": "このお知らせはありません。",
    "notices.not_failed": "このお知らせは、送り直す必要がありません。",
    "notices.retried": "もう一度送ります。結果はこの画面に出ます。",
    "notices.chosen": "受け取り方を変えました。",
    "notices.no_server": "メールサーバーの設定（SMTP_URL と MAIL_FROM）がありません。",
    "notices.push_address": "この通知の送り先は使えません。",
    "notices.push_off": "このサーバーは、アプリへの通知を送りません。",
}

STATES = MappingProxyType(
    {
        NoticeState.PENDING: "送信待ち",
        NoticeState.SENT: "送信済み",
        NoticeState.MERGED: "まとめて送信済み",
        NoticeState.REFUSED: "断られました",
        NoticeState.GIVEN_UP: "送れませんでした",
        NoticeState.CANCELLED: "送りません",
    }
)

REASONS = MappingProxyType(
    {
        Reason.NONE: "",
        Reason.SERVER: "メールサーバーの返事によります。",
        Reason.ADDRESS: "メールアドレスの形が正しくありません（改行などを含みます）。",
        Reason.SUBJECT: "件名に改行などが含まれています。",
        Reason.NOBODY: "知らせる必要がなくなりました。",
        Reason.UNREACHED: "送り先のメールアドレスが登録されていません。",
        Reason.STOPPED: "受け取る人がメールを止めています。",
        Reason.UNKNOWN: "メールサーバーが受け取ったかどうか、二度とも分かりませんでした。届いているかもしれません。",
        Reason.FAULT: "文面を作れませんでした。システム管理者に知らせてください。",
    }
)

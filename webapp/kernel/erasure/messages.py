"""Codes of this package in the user's language."""

SENTENCES = {
    "erasure.not_allowed": "消去できるのは、その自治体の職員とシステム管理者です。",
    "erasure.unknown": "消去する対象がこの台帳に見つかりません。",
    "erasure.nothing_left": "消去する情報は、もう残っていません。",
    "erasure.has_not_left": "退職・離任にした後で消去できます。",
    "erasure.basis_needed": "消去の根拠を選んでください。",
}

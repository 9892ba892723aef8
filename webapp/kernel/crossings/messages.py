"""Codes of this package in the user's language."""

SENTENCES = {
    "crossings.not_allowed": "引き渡しと受け取りを記録できるのは、その仕事の担当者です。",
    "crossings.content_needed": "渡したものの一覧がありません。",
    "crossings.same_log": "渡す先が同じ台帳です。",
}

FAULTS = {
    "missing": "相手の台帳に対になる記録がありません",
    "elsewhere": "相手の台帳は別のサーバーにあります。相手と照らし合わせてください",
    "twice": "同じ記録が二つあります",
    "count": "数が合いません",
}

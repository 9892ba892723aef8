"""Codes of this package in the user's language."""

SENTENCES = {
    "reconciliation.unknown": "この不一致は見つかりません。記録がそろって自然に解消したか、番号が違います。",
    "reconciliation.already_closed": "この不一致は、ほかの人がすでに解決済みにしました（理由：{reason}）。",
    "reconciliation.not_allowed": "不一致を解決済みにできるのは、自治体職員とITAD責任者です。",
    "reconciliation.reason_needed": "解決した理由を選んでください。",
}

REASONS = {
    "explained": "事情を確認した",
    "recounted": "数え直して合った",
    "corrected": "記録を訂正した",
    "replaced": "別の記録で確かめた",
    "accepted": "影響がないと判断した",
    "other": "その他",
}

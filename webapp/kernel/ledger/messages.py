"""Codes of the ledger in the user's language."""

SENTENCES = {
    "ledger.no_such_log": "この自治体の台帳はありません（{log}）。",
}

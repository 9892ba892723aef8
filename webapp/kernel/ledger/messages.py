"""Codes of the ledger in the user's language."""

SENTENCES = {
    "ledger.no_such_log": "この自治体の台帳はありません（{log}）。",
    "ledger.not_signed": "記録済みですが、署名がまだ済んでいません。数秒待って、もう一度お試しください。",
    "ledger.no_signer": (
        "署名する機械が動いていません。記録は続けられます。署名は、動き出したあとに行われます。"
    ),
    "ledger.pass_refused": "この台帳への参加を確かめられません。ノードの鍵と時計を確かめてください。",
}

#: What the commands say that check a log from outside.
AUDIT = {
    "audit.ok": "台帳は正しく、書き換えられていません。{size}件すべての記帳と署名を確かめました。",
    "audit.extends": "前回確かめた{before}件は、すべてそのまま残っています。",
    "audit.cosigned": "連署: {count}／{of}（{who}）",
    "audit.own_policy": (
        "注意: 鍵と信頼の条件は、台帳自身の言うものを使います。"
        "別の道で受け取ったものを --policy で渡すと、より確かです。"
    ),
    "audit.signature": "署名が正しくありません。この台帳の鍵で署名されたものではありません（{why}）。",
    "audit.entry": "{index}番の記帳が、署名されたものと違います。書き換えられたおそれがあります。",
    "audit.bundle": "記帳の束が壊れているか、足りません（{path}）。",
    "audit.tile": "ハッシュのタイルが、記帳から計算したものと違います（{path}）。",
    "audit.root": "{size}件の記帳から計算した値が、署名された値と違います。書き換えられたおそれがあります。",
    "audit.shrunk": "前回は{before}件ありましたが、今は{now}件しかありません。記帳が消されたおそれがあります。",
    "audit.rewritten": "前回確かめた{before}件の中身が変わっています。過去の記帳が書き換えられました。",
    "audit.origin": "別の台帳です（{origin}）。",
    "audit.other_key": "前回と違う鍵で署名されています。鍵を替えたと知らされていないなら、信用しないでください。",
    "audit.no_key": "台帳の鍵が分かりません。--vkey か --policy で渡してください。",
    "audit.few": "記帳と署名は正しいのですが、連署が足りません。別の歴史を見せられていないとは言えません。",
    "audit.unread": "最後まで読めませんでした（{why}）。",
    "audit.needs_key": "写しを読む鍵（--key）か合い言葉（--header）が要ります。",
    "audit.policy": "信頼の条件（policy）のファイルを読めません（{why}）。",
    "audit.no_entry": "この番号の記帳はありません。",
    "audit.several": "この番号の記帳が、いくつかの台帳にあります。--log で台帳を選んでください。",
    "audit.proof": "証明は正しくありません。記帳か証明が変えられているか、別の記帳のものです（{why}）。",
    "audit.proof_few": "この記帳は署名された台帳にありますが、連署が足りません。",
    "audit.proof_ok": "真正です。この記帳は、連署された台帳にこのまま入っています。",
}

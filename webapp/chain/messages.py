"""Codes of the chain adapter in the user's language."""

SENTENCES = {
    "chain.off": "チェーン連携は使っていません（CHAIN_RPC などの設定がありません）。",
    "chain.setting_missing": "チェーン連携の設定が足りません：{name}",
    "chain.setting_wrong": "チェーン連携の設定が正しくありません：{name}",
    "chain.not_installed": "チェーン連携の部品が入っていません。pip install 'ashiato[chain]' で入ります。",
    "chain.key_readable": "鍵のファイルをほかの人が読めます。chmod 600 にしてください：{path}",
    "chain.key_wrong": "鍵のファイルを読めません：{path}",
    "chain.unreachable": "チェーンのノードにつながりません。記録は続いています。つながると自動で送ります。",
    "chain.wrong_chain": "つないだチェーンの番号が設定と違います。送信を止めています。",
    "chain.no_contract": "設定の住所にコントラクトがありません。送信を止めています。",
    "chain.other_contract": "チェーンにあるコントラクトがこの版のものではありません。送信を止めています。",
    "chain.not_permitted": "この鍵の住所はこの台帳を書く参加者になっていません。参加者の承認が要ります。",
    "chain.no_funds": "この鍵の住所に手数料がありません。",
    "chain.node_refused": "ノードが送信を受け付けません。",
    "chain.rewound": "確定したはずの記録がチェーンにありません。すぐに調べてください。",
    "chain.refused": "チェーンが記録を拒みました。台帳が書き換えられた疑いがあります。すぐに調べてください。",
    "chain.late": "チェーンへの記録が15分より遅れています。",
    "chain.crowded": "チェーンへの送信待ちが1,000件を超えました。",
    "chain.no_such_log": "この自治体の台帳はありません（{log}）。",
    "chain.nothing_failed": "この台帳に、拒まれた記録はありません（{log}）。",
}

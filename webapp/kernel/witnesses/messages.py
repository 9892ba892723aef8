"""Codes of this package in the user's language."""

SENTENCES = {
    "witnesses.not_allowed": "ノードの参加を決められるのは、この台帳の自治体の職員とシステム管理者です。",
    "witnesses.malformed_key": (
        "ノードの鍵を読めません（{where}）。ノードの画面に出ている鍵を、そのまま貼り付けてください。"
    ),
    "witnesses.malformed_url": (
        "ノードのアドレスは http:// か https:// で始めてください。? や # から後ろは書けません。"
    ),
    "witnesses.name_differs": "ノードの名前と、鍵に書かれた名前（{key}）が違います。",
    "witnesses.one_key": "連署の鍵と写しの鍵が同じです。別々の鍵と名前にしてください。",
    "witnesses.key_known": (
        "この鍵か名前は、すでに使われたことがあります。同じ鍵のノードは2つ数えられません。新しい鍵を作ってください。"
    ),
    "witnesses.second_of_organisation": (
        "「{organisation}」のノードは、すでに参加しています。"
        "1つの組織の連署は、いくつあっても1つと数えます。入れ替えるときは、先に今のノードを外してください。"
    ),
    "witnesses.own_node": (
        "「{organisation}」は、この台帳を書いている自治体です。自分の連署は数えられません。別の組織に頼んでください。"
    ),
    "witnesses.unknown_node": "このノードは参加していません。すでに外されたか、名前が違います。",
    "witnesses.request_malformed": "参加の申し込みの形が正しくありません（{where}）。",
    "witnesses.admitted": "{who}のノードを、見守る仲間に加えました。",
    "witnesses.retired": "{who}のノードを外しました。",
    "witnesses.signer_smaller": (
        "署名済みの記録より、今の台帳のほうが短くなっています。古いバックアップに戻したおそれがあります。"
        "ノードの写しから足りない記録を戻してください（ashiato ledger restore）。それまで新しい署名はしません。"
    ),
    "witnesses.signer_inconsistent": (
        "今の台帳は、署名済みの記録の続きになっていません。過去の記録が書き換えられたか、古いバックアップの上に書き足されています。"
        "監査人に知らせ、ノードの写しと比べてください。"
    ),
    "witnesses.signer_forked": (
        "同じ件数で中身の違う記録に、2度署名されています。鍵が盗まれたおそれがあります。すぐに監査人に知らせてください。"
    ),
    "witnesses.signer_key_lost": (
        "署名の鍵が見つからないか、別の鍵に替わっています。鍵の控えを元の場所に戻してください。新しい鍵は勝手には作りません。"
    ),
    "witnesses.signer_broken": "署名する機械のファイルが壊れています。控えから戻してください。",
    "witnesses.signer_other_key": (
        "公開済みの署名が、今の鍵のものではありません。署名する機械の鍵を確かめてください。"
    ),
    "witnesses.signer_not_checked": (
        "起動した署名する機械が、ノードの返事を待っています。返事のないノードの団体に連絡してください。記録はできています。"
    ),
    "witnesses.signer_not_kept": (
        "署名する機械のディスクに書けないため、署名を止めています。空き容量を確かめてください。記録はできています。"
    ),
    "witnesses.signer_unknown_origin": (
        "署名する機械に、この台帳の鍵がありません。鍵の控えを元の場所に戻してください。新しい鍵は勝手には作りません。"
    ),
    "witnesses.signer_unavailable": (
        "署名する機械が動いていません。管理者が動かしてください。記録はできています。動けば、たまった分もまとめて署名されます。"
    ),
    "witnesses.drill_noticed": (
        "{who}のノードにだけ、うその記録を見せました → {who}のノードが自分の写しと比べ、"
        "{seconds}秒で見破って連署を断りました → ほんものの記録は{size}件のままです。"
    ),
    "witnesses.drill_believed": (
        "{who}のノードにだけ、うその記録を見せました → {who}のノードが、うその台帳を受け入れました。"
        "すぐにノードの管理者に知らせてください → ほんものの記録は{size}件のままです。"
    ),
    "witnesses.drill_silent": "{who}のノードから返事がありません。ノードが動いているか確かめてください。",
    "witnesses.drill_nobody": "まだどのノードも連署していません。1つでも連署してから、もう一度お試しください。",
    "witnesses.drill_no_signer": "署名する機械が訓練用に動いていません。訓練用に起動してから、もう一度お試しください。",
}

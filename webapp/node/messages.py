"""What can be wrong at a node, in words for the people who run it."""

SENTENCES: dict[str, str] = {
    "node.starting": "起動したばかりで、まだログに問い合わせていません。",
    "node.log_unreachable": "ログに接続できません。通信とログのアドレスを確かめてください。",
    "node.log_troubled": "ログのサイトには届きましたが、いまは答えられないようです。数秒ごとに聞き直します。",
    "node.no_checkpoint": "ログはまだチェックポイントを公開していません。",
    "node.bad_signature": "ログの署名が、控えてある鍵と合いません。ログの管理者に電話で確かめてください。",
    "node.not_admitted": "参加の承認を待っています。ログの自治体の担当者に、鍵の名前を伝えて承認を頼んでください。",
    "node.request_refused": "参加の申し込みが受け付けられません。アドレスと名前を確かめてください。",
    "node.retired": "この機械の参加は終わりました。写しはそのまま残ります。",
    "node.not_as_signed": "受け取った記録が、署名された内容と合いません。受け取らず、次の回にもう一度取りに行きます。",
    "node.another_history": "ログが、以前と異なる履歴を示しています。証拠を残しました。手元の写しは変えていません。",
    "node.smaller": "ログが、以前より小さい記録を示しています。古い控えから戻されたようです。写しは変えていません。",
    "node.copy_damaged": "この機械のディスクにある写しが壊れています。手引きの「写しを作り直す」を見てください。",
    "node.cannot_write": "この機械のディスクに書き込めません。空き容量を確かめてください。",
    "node.fault": "プログラムの不具合です。この機械のログファイルを見てください。",
}

"""Why an act was not taken, in the user's language. The phone keeps it and shows the sentence."""

SENTENCES = {
    "intake.malformed": "記録の形が正しくありません（{where}）。アプリを最新にしてください。記録は端末に残っています。",
    "intake.personal_data": "個人情報は台帳に書けません（{where}）。アプリを最新にしてください。",
    "intake.commitment": "記録の内容と封じた値が合いません。端末で書き換えられたおそれがあります。",
    "intake.id_conflict": (
        "同じ番号で内容の違う記録が、先に届いています。両方を保管しました。管理者に知らせてください。"
    ),
    "intake.not_your_scan": "別の人の記録です。その人がログインすると送信されます。",
    "intake.unknown_witness": "立会い・確認をした人が、この台帳に見つかりません。仕事の内容を読み込み直してください。",
    "intake.not_a_party": "この自治体の記録には参加していません。案件の担当を確かめてください。",
    "intake.signature": (
        "電話の署名を確かめられない記録です。台帳には書かず、別に保管しました。管理者に知らせてください。"
    ),
    "intake.other_author": (
        "署名した電話の持ち主と、記録した人が違います。台帳には書かず、別に保管しました。管理者に知らせてください。"
    ),
    "intake.unknown_key": (
        "この署名の鍵は、まだ届いていません。記録した人の電話か、当日券を先に送ってから、もう一度送ります。"
    ),
    "intake.unknown_kind": "この種類の記録は受け付けられません。アプリを最新にしてください。",
    "intake.fault": (
        "システムの不具合で、この記録だけ受け付けられませんでした。記録は端末に残っています。管理者に知らせてください。"
    ),
    "intake.not_json": "送信の形が正しくありません。何も記録していません。",
    "intake.too_many": "一度に送れるのは{most}件までです。何も記録していません。分けて送り直します。",
}

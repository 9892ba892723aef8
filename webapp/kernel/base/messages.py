"""What the ground floor says to people: code → Japanese sentence with {params}. Codes are never renamed."""

SENTENCES: dict[str, str] = {
    "base.missing_header": "この操作は、足あとの画面とアプリからだけ行えます。画面を開き直してください。",
    "tabular.empty": "ファイルに何も書かれていません。一覧を書いて保存してから、もう一度選んでください。",
    "tabular.binary": (
        "表のファイルではないようです。"
        "Excel で開き、「Excel ブック（.xlsx）」または「CSV」で保存し直してください。"
        "古い .xls とパスワード付きのファイルは読めません。"
    ),
    "tabular.too_large": (
        "ファイルが大きすぎます（{what}は{limit}まで）。一覧だけを残すか、いくつかに分けて保存し直してください。"
    ),
    "tabular.not_found": "ファイル「{file}」を開けません。名前と場所を確かめてください。",
    "tabular.unreadable": (
        "ファイルを読めません（{where}）。Excel で開けることを確かめ、もう一度保存し直してください。"
    ),
    "tabular.encoding": (
        "{row}行目に読めない文字があります。Excel の「CSV UTF-8（コンマ区切り）」で保存し直してください。"
    ),
    "tabular.zip_bomb": (
        "中身が異常に大きくふくらむファイルなので、開かずに止めました。"
        "作った人に確かめ、CSV で保存し直してください。"
    ),
    "base.not_found": "お探しのページや記録は見つかりません。番号を確かめてください。",
    "base.form_too_old": (
        "画面を開いてから時間がたったため、受け付けられませんでした。開き直してからもう一度お試しください。"
    ),
    "base.forbidden": "この操作をする権限がありません。必要なときは管理者に知らせてください。",
    "base.unprocessable": "内容を受け付けられません。入力を確かめてください。",
    "base.too_large": "大きすぎて受け付けられません。何も保存していません。",
    "base.malformed": "送信の形が正しくありません。何も保存していません。",
    "base.method": "この操作は受け付けていません。",
    "base.too_many_requests": "短い間に何度も操作されました。少し待ってから、もう一度お試しください。",
    "base.internal": (
        "サーバーで問題が起きました。送った内容は保存されていないことがあります。"
        "少し待ってから、もう一度お試しください。"
    ),
    "internal": "サーバーで問題が起きました。少し待ってから、もう一度お試しください。",
}

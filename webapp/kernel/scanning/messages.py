"""What people read when a code or a photo cannot be used. Codes are stable; sentences may be improved."""

SENTENCES: dict[str, str] = {
    "scanning.code_length": "IDは17文字です。文字の数を確かめてください。",
    "scanning.code_letter": "IDに使わない文字が入っています。IDは数字と英字（I・L・O・Uを除く）です。",
    "scanning.code_check": "IDのどこかが違っています。1文字ずつ確かめてください。",
    "scanning.not_a_code": "足あとのコードではありません。",
    "scanning.foreign_code": "別のサイト（{host}）のコードです。開いていません。",
    "scanning.not_an_image": "画像として読めません。JPEG・PNG・WebPの写真を選んでください。",
    "scanning.image_too_large": "画像が大きすぎます。4,000万画素より小さい写真を選んでください。",
    "scanning.file_too_large": "ファイルが大きすぎます。{limit}より小さい写真を選んでください。",
    "scanning.reader_gave_up": "この写真は読み取れませんでした。コードを大きく写すか、IDを入力してください。",
    "scanning.text_too_long": "ラベルに印刷できない長さです。公開URLを短くしてください。",
    "scanning.not_allowed": "コードの発行と無効化ができるのは、その自治体の職員です。",
    "scanning.issue_range": "種類を選び、枚数は1から{most}までの数で入力してください。",
    "scanning.unknown_code": "このコードは、この自治体では発行されていません。",
    "scanning.already_void": "このコードは、すでに無効になっています。",
    "scanning.replacement_unusable": (
        "貼り替え先のコードが使えません。まだ使っていない有効なコードを選んでください。"
    ),
}

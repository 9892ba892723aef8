"""What people read when a photo cannot be taken. Codes are stable; sentences may be improved."""

SENTENCES: dict[str, str] = {
    "evidence.not_a_hash": "写真の番号（SHA-256）の形が正しくありません。",
    "evidence.hash_mismatch": "写真が途中で変わりました。もう一度送ってください。",
    "evidence.not_an_image": ("写真として読めません。JPEG・PNG・WebPの写真を撮り直してください。"),
    "evidence.broken_image": "写真が途中で切れています。もう一度送るか、撮り直してください。",
    "evidence.more_than_image": "写真に別のデータが付いています。アプリで撮った写真を送ってください。",
    "evidence.image_too_large": "写真が大きすぎます（4,000万画素まで）。アプリで撮り直してください。",
    "evidence.file_too_large": "写真が大きすぎます（{limit}まで）。アプリで撮り直してください。",
    "evidence.quota_person": (
        "24時間に送れる写真の量（1人 {limit}）を超えました。写真は電話に残っています。"
        "明日、送信箱の「もう一度送る」を押してください。"
    ),
    "evidence.quota_organisation": (
        "24時間に送れる写真の量（1つの組織 {limit}）を超えました。写真は電話に残っています。"
        "明日、送信箱の「もう一度送る」を押してください。"
    ),
    "evidence.not_found": "この写真はまだ届いていないか、見る権限がありません。",
    "evidence.awaited": "証拠待ち",
}

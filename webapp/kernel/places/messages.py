"""What people read for each code of this package."""

SENTENCES: dict[str, str] = {
    "places.name_missing": "場所の名前を入力してください。",
    "places.kind_missing": "種類を選んでください。",
    "places.position_malformed": (
        "緯度と経度は「38.758611, 140.519722」のように、数字を読点またはカンマで区切って入力してください。"
    ),
    "places.position_outside": "緯度は-90〜90、経度は-180〜180の数です。並びは緯度、経度の順です。",
    "places.id_taken": "この画面は古くなっています。一覧から開き直してください。",
}

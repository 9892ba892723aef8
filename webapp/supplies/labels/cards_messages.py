"""Sentences of labels and cards: what the office and a phone are told."""

SENTENCES: dict[str, str] = {
    "supplies.no_labels": "この便には、印刷できるラベルがありません。",
    "supplies.card_wrong": "カードの避難所か期限が正しくありません。もう一度発行してください。",
    "supplies.card_number": "同時に別のカードが発行されました。もう一度発行してください。",
    "supplies.card_unknown": "このカードは登録されていません。市町村に確かめてください。",
    "supplies.card_over": "このカードは期限が切れています。市町村に新しいカードを頼んでください。",
    "supplies.card_revoked": "このカードは停止されています。市町村に確かめてください。",
    "supplies.card_full": "このカードを使える電話は{most}台までです。市町村に新しいカードを頼んでください。",
    "supplies.card_shelter_needed": "避難所を選んでください。",
    "supplies.card_reason_needed": "理由を選んでください。",
    "supplies.card_lost_at_needed": "日時を入力してください。",
    "supplies.card_lost_later": "先の日時は入力できません。",
    "supplies.card_not_printable": (
        "サーバーの秘密の設定が変わったため、このカードは印刷し直せません。停止して、新しく発行してください。"
    ),
}

"""What labels and cards say in Japanese: on paper, and on the phone by `static/pwa/contract/supplies.json`. Pure."""

from collections.abc import Sequence
from types import MappingProxyType

#: Mark → its word. The phone shows them in this order.
MARKS = MappingProxyType({"cold": "要冷蔵", "heavy": "重量物", "dangerous": "危険物", "fragile": "割れ物"})

WORDS = MappingProxyType(
    {
        "part": "{n}個口のうち{k}個目",
        "only": "1個口",
        "dated": "{word} {day}",
        "date_word": "期限",
        "unit": "個",
        "unknown_item": "品目 {code}（この電話の一覧にない品目です）",
        "contains": "アレルゲン 含む: {names}",
        "free": "アレルゲン 特定原材料等 不使用（差出人の申告）",
        "undeclared": "アレルゲン 申告なし（確かめるまで、アレルギーのある方に渡さないでください）",
        "strange_allergen": "ほか（新しい種類です。アプリを新しくしてください）",
        "drill": "訓練",
        "verified": "自治体の署名を確かめました",
        "unknown_key": "署名の鍵がまだ届いていません。つながったときに確かめます",
        "forged": "署名が合いません。書きかえられたか、にせのラベルです。箱の中を見て確かめてください",
        "other": "支援物資のラベルではありません",
        "newer": "新しい版のラベルです。アプリを新しくしてください。番号だけで記録できます",
        "broken": "ラベルを読み取れません。小さいほうのQRか、番号で記録してください",
    }
)
#: Shelf life of an item → what its date is called.
DATE_WORDS = MappingProxyType(
    {"best_before": "賞味期限", "expiry": "使用期限", "expiry_optional": "使用期限", "none": "期限"}
)


def day(yyyymmdd: int) -> str:
    """2027年1月31日."""
    return f"{yyyymmdd // 10_000}年{yyyymmdd // 100 % 100}月{yyyymmdd % 100}日"


def allergens(names: Sequence[str] | None) -> str:
    """None: not declared; empty: declared to be free of all."""
    if names is None:
        return WORDS["undeclared"]
    return WORDS["contains"].format(names="・".join(names)) if names else WORDS["free"]

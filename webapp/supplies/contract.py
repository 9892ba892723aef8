"""The room's tables as the phone reads them: `static/pwa/contract/supplies.json`. A stale file is a failing test."""

from typing import Any

from webapp.supplies import catalogue, steps
from webapp.supplies.allergens import ALLERGENS
from webapp.supplies.labels.card import CARD_WORDS
from webapp.supplies.labels.words import DATE_WORDS, MARKS, WORDS
from webapp.supplies.messages import FINDING_TEXTS, SENTENCES


def tables() -> dict[str, Any]:
    """Everything that phone and server must agree on. Pure: the same source, the same bytes."""
    return {
        "items": {code: _item(item) for code, item in catalogue.BASE.items()},
        "categories": {word: catalogue.category_text(word) for word in catalogue.CATEGORIES},
        "units": {word: catalogue.unit_text(word) for word in catalogue.UNITS},
        "tags": {word: catalogue.tag_text(word) for word in catalogue.TAGS},
        "allergens": [{"code": allergen.word, "name": allergen.ja} for allergen in ALLERGENS],
        "marks": dict(MARKS),
        "words": dict(WORDS),
        "card": dict(CARD_WORDS),
        "steps": {str(step): title for step, title in steps.STEP_TITLES.items()},
        "states": {str(state): text for state, text in steps.MATCH_TEXTS.items()},
        "receive_modes": {str(mode): text for mode, text in steps.RECEIVE_TEXTS.items()},
        "findings": {
            code: {"text": text, "severity": steps.FINDINGS[code]} for code, text in FINDING_TEXTS.items()
        },
        "sentences": SENTENCES,
    }


def _item(item: catalogue.Item) -> dict[str, Any]:
    return {
        "name": item.name_ja,
        "unit": item.unit,
        "category": item.category,
        "tags": sorted(item.tags),
        "variants": dict(item.variants),
        "sizes": [word for word, _ in item.variants],  # in the list's order: an object's is the file's
        "edible": item.is_eaten,
        "date_word": DATE_WORDS[item.shelf_life],
    }

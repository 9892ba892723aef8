"""Codes of this package in the user's language."""

from collections.abc import Mapping
from typing import Any

SENTENCES = {
    "phones.token": "登録コードが正しくないか、期限が切れています。職員に新しいコードを出してもらってください。",
    "phones.proof": "電話の署名を確かめられません。電話の画面を開き直して、もう一度お試しください。",
    "phones.known_key": "この電話は、すでに登録されています。別の人が使うときは、電話の鍵を作り直してください。",
    "phones.replaces": "入れ替える元の電話が見つかりません。あなたの電話の一覧を確かめてください。",
    "phones.seam_moved": "元の電話の記録が、いま届きました。もう一度お試しください。",
    "phones.not_allowed": "電話の登録と停止ができるのは、自治体職員・管理者・ITAD責任者と、その電話の持ち主です。",
    "phones.unknown": "この電話は、この台帳に登録されていません。",
    "phones.already_revoked": "この電話は、すでに停止されています。",
    "phones.lost_later": "なくした時刻が、いまより後になっています。時刻を確かめてください。",
    "phones.lost_at_needed": "なくした日時を入力してください。わからないときは、最後に手元にあった日時を入力します。",
    "phones.reason_needed": "理由を選んでください。",
    "phones.person_needed": "電話を使う人を選んでください。",
    "phones.pass_unsigned": "当日券は、登録された職員の電話で署名されたものだけが使えます。",
    "phones.pass_job": "当日券の案件か役割が、この自治体の案件と合いません。",
    "phones.pass_until": "当日券の期限は、発行から24時間までです。",
    "phones.pass_revoked": "当日券に署名した電話は、停止されています。",
    "phones.wrong_job": "当日券とは別の案件の記録です。この当日券では記録できません。",
}

#: Why something was set aside, in short.
ASIDE = {
    "intake.signature": "署名がないか、その電話の署名ではありません",
    "intake.other_author": "署名した電話の持ち主と、記録した人が違います",
    "phones.wrong_job": "当日券とは別の案件の記録です",
}

#: Finding → (title, sentence). `holder` is put in words before.
DISCREPANCIES: dict[str, tuple[str, str]] = {
    "CHAIN_GAP": (
        "電話の記録がそろうのを待っています",
        "{holder}の電話の記録が{count}件、まだ届いていません。",
    ),
    "CHAIN_BROKEN": (
        "電話の記録がつながりません",
        "{holder}の電話の{seq}番の記録が、その前の記録とつながりません。書き換えられたおそれがあります。",
    ),
    "CHAIN_FORK": (
        "電話の記録が枝分かれしています",
        "{holder}の電話の{seq}番の記録が、二通りあります。電話が複製されたおそれがあります。",
    ),
    "PHONE_LOST": (
        "手元を離れた電話の記録です",
        "{holder}の電話が手元を離れた時刻より後の記録です。",
    ),
    "PHONE_REPORTED_LOST": (
        "届け出のあとに届いた記録です",
        "{holder}の電話の紛失・停止の届け出のあとに届いた記録です。本人に確かめてください。",
    ),
    "PASS_OVER": ("当日券の期限が切れています", "当日券の期限より後の記録です。"),
}


def discrepancy_text(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of a finding, or "" if it is none of ours."""
    if code not in DISCREPANCIES:
        return ""
    return DISCREPANCIES[code][1].format_map(_Words({name: _word(str(v)) for name, v in params.items()}))


class _Words(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "不明"


def _word(value: str) -> str:
    """A pseudonym says nothing to people; who it is stands beside the sentence."""
    return "この人" if value.startswith("p-") else value

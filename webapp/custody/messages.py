"""What this room says to people: code → Japanese sentence with {params}. Codes are never renamed.

A sentence about a list says what was found and what to do about it; the row and the 管理番号 stand beside it.
"""

from collections.abc import Mapping
from typing import Any

from webapp.custody.steps import DECLINE_REASONS, TITLES
from webapp.kernel.phones import messages as phones
from webapp.kernel.scanning.codes import is_valid, show

#: Problems of an asset list (`forms.parse_asset_list`).
ASSET_LIST: dict[str, str] = {
    "custody.missing_columns": (
        "見出しに「{columns}」の列が見つかりません。列の見出しを「{columns}」と書いてから、もう一度選んでください。"
    ),
    "custody.missing_drive_column": (
        "見出しに「記憶装置製造番号」の列がありません。記憶装置は取り出すときに読み取って照合します。"
    ),
    "custody.unknown_column": "「{column}」の列は取り込みません。必要な内容なら、備考の列へ移してください。",
    "custody.double_column": (
        "「{label}」にあたる列が二つあります。「{used}」の列を使い、「{column}」の列は取り込みません。"
    ),
    "custody.other_sheets": (
        "最初のシートだけを読みました。シート「{sheets}」は読んでいません。必要なら別に取り込んでください。"
    ),
    "custody.not_a_device": "「{value}」の行は機器ではないものとして、取り込みません。",
    "custody.extra_cells": (
        "見出しのない列に「{value}」があります。"
        "カンマや改行で列がずれていないか確かめ、直してから取り込んでください。"
    ),
    "custody.missing_asset": "管理番号がありません。管理番号を書いてから取り込んでください。",
    "custody.duplicate_asset": (
        "管理番号「{value}」がほかの行にもあります（{rows}）。正しい番号に直すか、余分な行を除いてください。"
    ),
    "custody.fullwidth_asset": "管理番号の全角文字を半角の「{value}」に直しました。確かめてください。",
    "custody.missing_kind": "種別がありません。ノートPC、デスクトップPC、モニターなどと書いてください。",
    "custody.unknown_kind": (
        "種別「{value}」がわかりません。ノートPC、デスクトップPC、タブレット、サーバー、モニター、その他のどれかに"
        "直してください。"
    ),
    "custody.missing_serial": "製造番号がありません。登録のときに本体のラベルを読み取ってください。",
    "custody.duplicate_serial": (
        "製造番号「{value}」がほかの行にもあります（{rows}）。どちらかの書き誤りです。"
        "本体のラベルを見て直してください。このまま取り込むときは、登録で両方のラベルを読み取って確かめます。"
    ),
    "custody.fullwidth_serial": (
        "製造番号の全角文字を半角の「{value}」に直しました。本体のラベルと同じか確かめてください。"
    ),
    "custody.damaged_serial": (
        "「{value}」は Excel が番号を数に変えてしまった形です。"
        "本体のラベルを見て、文字として書き直してください。"
    ),
    "custody.missing_drive_serial": (
        "記憶装置製造番号がありません。わかれば書き足してください。"
        "空のままでも取り込めますが、取り出すときに読み取って確かめます。"
    ),
    "custody.duplicate_drive_serial": (
        "記憶装置製造番号「{value}」がほかの行にもあります（{rows}）。どちらかの書き誤りです。"
        "直してください。このまま取り込むときは、取り出すときに読み取って確かめます。"
    ),
    "custody.no_drive": (
        "記憶装置が「{value}」と書かれています。登録のとき、記憶装置がないことを写真に残してください。"
    ),
    "custody.drive_not_expected": (
        "{kind}なのに記憶装置が書かれています。記憶装置があるなら、種別を「その他」にして機密性を書いてください。"
    ),
    "custody.unknown_capacity": "容量「{value}」を読めません。「256GB」か、バイト数で書いてください。",
    "custody.missing_class": "機密性がありません。3（もっとも高い）、2、1 のどれかを書いてください。",
    "custody.unknown_class": (
        "機密性「{value}」がわかりません。3（もっとも高い）、2、1 のどれかに直してください。"
        "①や(1)は国の指針の行の番号と紛れるので使えません。"
    ),
    "custody.class_not_needed": (
        "{kind}は記憶装置のない機器なので、機密性「{value}」は使わず「対象外」として取り込みます。"
    ),
    "custody.unknown_lease": (
        "リース「{value}」がわかりません。リース品として取り込みます。違うときは空にしてください。"
    ),
    "custody.formula_cell": (
        "「{value}」は計算式として動くことのある書き方です。式は動かさず、文字のまま取り込みます。"
        "意図しない内容なら直してください。"
    ),
    "custody.markup_cell": (
        "「{value}」はホームページの命令のような書き方です。文字のまま取り込みます。意図しない内容なら直してください。"
    ),
    "custody.control_character": (
        "目に見えない文字（{characters}）がありました。取り除いて「{value}」としました。正しいか確かめてください。"
    ),
    "custody.broken_character": "文字が壊れています（{value}）。元のファイルを見て書き直してください。",
    "custody.outside_shift_jis": (
        "「{characters}」は、ほかのソフトで化けることのある文字（機種依存文字）です。"
        "そのまま取り込みます。直さなくてかまいません。"
    ),
    "custody.too_long": "{label}が長すぎます（{length}文字）。{limit}文字までに短くしてください。",
}

#: Why a command is not carried out, or a scan is not taken.
REFUSALS: dict[str, str] = {
    "custody.unknown_step": "この工程の記録は受け付けられません。アプリを最新にしてください。",
    "custody.body": "記録の内容「{field}」の形が違います。アプリを最新にしてください。",
    "custody.code_needed": "読み取った番号が、足あとのコードではありません。",
    "custody.not_a_party": "この案件は、あなたの所属する団体の案件ではありません。",
    "custody.not_allowed": "この操作ができるのは、案件の自治体の職員です。",
    "custody.unknown_organisation": "運送会社またはITAD事業者が見つかりません。",
    "custody.title_needed": "案件名を入力してください。",
    "custody.unknown_consignment": "この案件は見つかりません。",
    "custody.draft_gone": "この取り込みの下書きは、もうありません。ファイルをもう一度選んでください。",
    "custody.draft_has_errors": "エラーのある行が残っています。ファイルを直して、もう一度選んでください。",
    "custody.already_imported": "このファイルは、すでに取り込み済みです。何も変わっていません。",
    "custody.same_assets": "管理番号「{assets}」は、この案件にすでにあります。重なる行を除いてから取り込んでください。",
    "custody.nothing_to_import": "取り込める機器がありません。",
    "custody.cage_name": "かご車の名前は、英字3文字までと数字にしてください（例：C-04）。",
    "custody.cage_code": (
        "このコードは、かご車のラベルとして使えません。この自治体で発行した新しいコードを選んでください。"
    ),
    "custody.cage_taken": "このコードは、すでに別のかご車に使っています。",
    "custody.sent_before": (
        "この画面からは、先に別の内容が送られています。いまの内容でよければ、もう一度押してください。"
    ),
    "custody.cage_name_taken": "この名前のかご車は、この案件にすでにあります。",
}

#: Discrepancy → (title, sentence with both values). Steps, codes and people in params are put in words before.
DISCREPANCIES: dict[str, tuple[str, str]] = {
    "MISSING": ("足りません", "積荷目録にある {device} が、検数で見つかっていません。"),
    "EXTRA": ("目録にないものがあります", "{device} は、このかご車の積荷目録にありません。"),
    "WRONG_CAGE": ("かご車が違います", "本来のかご車 {expected} → 実際 {cage}"),
    "WRONG_LOT": ("別の案件のものです", "{device} は、この案件のものではありません。"),
    "SEAL_MISMATCH": ("封印番号が違います", "施錠時 {sealed} → {step}時 {seen}"),
    "SEAL_BROKEN": ("封印に異常があります", "到着時の封印の状態：{verdict}"),
    "OUT_OF_ORDER": ("順番が違います", "「{after}」のあとに「{step}」が記録されました。"),
    "SKIPPED": ("工程が抜けています", "「{step}」の記録がないまま「{at}」へ進みました。"),
    "DOUBLE_SCAN": ("二重の記録です", "「{step}」が {times}回 記録されています。"),
    "SCAN_IN_TRANSIT": (
        "施錠中に読み取られました",
        "施錠されたかご車の中のはずの {device} に「{step}」の記録があります。",
    ),
    "SAME_PERSON": ("同じ人が二つの役をしています", "「{step}」は、別の人の立会い・確認が必要です。"),
    "NO_WITNESS": ("立会いがありません", "「{step}」に、立会い・確認をした人の記録がありません。"),
    "CLOCK_SKEW": (
        "電話の時計がずれています",
        "この電話の時計は合っていません。記録の時刻を確かめてください。",
    ),
    "COUNT_BALANCE": ("数が合いません", "申告 {declared}台 ／ 読み取り {scanned}台"),
    "OVERLAP": ("引渡が重なっています", "{holder} が預かっている間に、{other} への引渡が記録されました。"),
    "OPEN_UNLOGGED": ("開錠の記録がありません", "開錠の記録より先に、{count}台 が検数されました。"),
    "ZOMBIE": ("粉砕後の記録です", "粉砕したはずのものに「{step}」の記録があります。"),
    "UNKNOWN_CODE": ("登録を待っています", "このコードの登録が、まだ届いていません。"),
    "VOID_CODE": ("無効なコードです", "無効になったラベルが読み取られました。"),
    "NOT_LISTED": ("処分予定一覧にありません", "一覧にない機器が登録されました。"),
    "DOUBLE_BIND": ("ラベルが二重です", "この機器かこのラベルは、先に別の組み合わせで登録されています。"),
    "PHOTO_MISSING": ("写真がありません", "「{step}」には写真が必要です。"),
    "VOID_INEFFECTIVE": ("訂正が効いていません", "訂正の相手が見つからないか、ほかの人の記録です。"),
    "NOT_PERMITTED": ("役割の外の操作です", "「{step}」を、その役割でない人が記録しました。"),
    "HANDOVER_UNANSWERED": (
        "相手の署名なし",
        "{giver} から {to} への引渡に、受け取った人の署名がありません。",
    ),
    "HANDOVER_DECLINED": ("受取を断られました", "{by} が {giver} からの引渡を断りました。理由：{reason}"),
    "OFFER_AWAITED": ("引渡の記録待ち", "{by} が受け取った引渡の記録が、まだ届いていません。"),
    "OFFER_WITHDRAWN": (
        "取り消された引渡です",
        "{giver} が取り消した引渡を、{by} が受け取っています。かご車の持ち主を確かめてください。",
    ),
    "ANSWER_MISMATCH": (
        "引渡と受取の内容が違います",
        "{by} の「{step}」は、この引渡とは別の内容に署名したものです。",
    ),
    "ANSWER_BY_OTHER": ("別の人が受け取りました", "相手は {to} でしたが、{by} が答えました。"),
}

SEAL_VERDICTS = {"intact": "異常なし", "broken": "破れている", "missing": "封印がない"}
#: Parameters whose values are words of a table.
_TABLES: dict[str, Mapping[str, str]] = {"verdict": SEAL_VERDICTS, "reason": DECLINE_REASONS}

SENTENCES: dict[str, str] = {**ASSET_LIST, **REFUSALS}


def discrepancy_title(code: str) -> str:
    """「封印番号が違います」 for SEAL_MISMATCH."""
    if code in phones.DISCREPANCIES:
        return phones.DISCREPANCIES[code][0]
    return DISCREPANCIES[code][0] if code in DISCREPANCIES else code


def discrepancy_text(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of a discrepancy with its values in words; a value that is not known reads 「不明」."""
    if code not in DISCREPANCIES:
        return phones.discrepancy_text(code, params)
    return DISCREPANCIES[code][1].format_map(
        _Words({name: _word(name, str(v)) for name, v in params.items()})
    )


class _Words(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "不明"


def _word(name: str, value: str) -> str:
    if name in {"step", "after", "at"}:
        return TITLES.get(value, value) or "記録なし"
    if name in _TABLES:
        return _TABLES[name].get(value, value)
    return show(value) if name in {"device", "cage", "expected"} and is_valid(value) else value

"""The state machine as tables: rules, screens, the public page and the phone read the same ones.

Sources: the tracking words of ETTMS (登録 … 終了); who and what evidence per class after the table in the
guideline on information security of local governments (MIC, 2020-12). There, row (1) is
the *highest* class, 機密性3.
"""

from enum import StrEnum


class Step(StrEnum):
    """What a scan says happened."""

    REGISTERED = "registered"  # 登録
    SANITIZED = "sanitized"  # データ消去
    SANITIZE_FAILED = "sanitize_failed"  # 消去不可
    DESTROYED_ON_SITE = "destroyed_on_site"  # 庁内破壊
    LOADED = "loaded"  # 積込
    COUNTED = "counted"  # 検数
    DRIVE_EXTRACTED = "drive_extracted"  # ドライブ取出
    DESTROYED = "destroyed"  # 粉砕
    LOCKED = "locked"  # 施錠・封印
    HANDED_OVER = "handed_over"  # 引渡
    ACCEPTED = "accepted"  # 受取
    DECLINED = "declined"  # 受取拒否
    ARRIVED = "arrived"  # 到着
    OPENED = "opened"  # 開錠
    COUNT_CLOSED = "count_closed"  # 検数完了
    VOID = "void"  # 訂正


class Status(StrEnum):
    """What residents and officers see (追跡状況)."""

    REGISTERED = "registered"  # 登録
    SANITIZED = "sanitized"  # データ消去
    DEPARTED = "departed"  # 出庫
    RECEIVED = "received"  # 入庫
    DESTROYED = "destroyed"  # 粉砕
    ENDED = "ended"  # 終了


TITLES: dict[str, str] = {
    Step.REGISTERED: "登録",
    Step.SANITIZED: "データ消去",
    Step.SANITIZE_FAILED: "消去不可",
    Step.DESTROYED_ON_SITE: "庁内破壊",
    Step.LOADED: "積込",
    Step.COUNTED: "検数",
    Step.DRIVE_EXTRACTED: "ドライブ取出",
    Step.DESTROYED: "粉砕",
    Step.LOCKED: "施錠・封印",
    Step.HANDED_OVER: "引渡",
    Step.ACCEPTED: "受取",
    Step.DECLINED: "受取拒否",
    Step.ARRIVED: "到着",
    Step.OPENED: "開錠",
    Step.COUNT_CLOSED: "検数完了",
    Step.VOID: "訂正",
    Status.DEPARTED: "出庫",
    Status.RECEIVED: "入庫",
    Status.ENDED: "終了",
}

#: The way of a cage, in the order in which it happens.
CAGE_ORDER = (Step.LOCKED, Step.HANDED_OVER, Step.ARRIVED, Step.OPENED, Step.COUNT_CLOSED)
#: What a receiver's phone says to a hand-over: bound to it by its id and hash, not by its time.
ANSWERS = (Step.ACCEPTED, Step.DECLINED)
CAGE_STEPS = (*CAGE_ORDER, *ANSWERS)
#: In the order in which they happen; SKIPPED and OUT_OF_ORDER are judged along it.
DEVICE_STEPS = (
    Step.REGISTERED,
    Step.SANITIZE_FAILED,
    Step.SANITIZED,
    Step.DESTROYED_ON_SITE,
    Step.LOADED,
    Step.COUNTED,
    Step.DRIVE_EXTRACTED,
    Step.DESTROYED,
)

NEXT: dict[Step | None, frozenset[Step]] = {
    None: frozenset({Step.REGISTERED}),
    Step.REGISTERED: frozenset({Step.SANITIZED, Step.SANITIZE_FAILED, Step.LOADED}),
    Step.SANITIZE_FAILED: frozenset({Step.SANITIZED, Step.DESTROYED_ON_SITE}),
    Step.SANITIZED: frozenset({Step.LOADED}),
    Step.DESTROYED_ON_SITE: frozenset({Step.LOADED}),
    Step.LOADED: frozenset({Step.COUNTED}),
    Step.COUNTED: frozenset({Step.DRIVE_EXTRACTED, Step.DESTROYED}),
    Step.DRIVE_EXTRACTED: frozenset({Step.DESTROYED}),
    Step.DESTROYED: frozenset(),
}

NEXT_CAGE: dict[Step | None, frozenset[Step]] = {
    None: frozenset({Step.LOCKED}),
    Step.LOCKED: frozenset({Step.HANDED_OVER}),
    Step.HANDED_OVER: frozenset({Step.HANDED_OVER, Step.ARRIVED}),
    Step.ARRIVED: frozenset({Step.OPENED}),
    Step.OPENED: frozenset({Step.COUNT_CLOSED}),
    Step.COUNT_CLOSED: frozenset(),
}

#: Steps a class must show. "0" is a monitor and the like: counted, not sanitised.
REQUIRED: dict[str, tuple[Step, ...]] = {
    "3": (
        Step.REGISTERED,
        Step.SANITIZED,
        Step.LOADED,
        Step.COUNTED,
        Step.DRIVE_EXTRACTED,
        Step.DESTROYED,
    ),
    "2": (Step.REGISTERED, Step.SANITIZED, Step.LOADED, Step.COUNTED),
    "1": (Step.REGISTERED, Step.SANITIZED, Step.LOADED, Step.COUNTED),
    "0": (Step.REGISTERED, Step.LOADED, Step.COUNTED),
}
#: What this table is called in entries and on certificates; a change of the table is a new name.
POLICY = "mic-2020-12/1"

#: A second person must stand beside the one who acts, and be somebody else.
WITNESSED = frozenset({Step.SANITIZED, Step.DESTROYED_ON_SITE, Step.OPENED, Step.DESTROYED})
WITNESSED_CLASSES = frozenset({"3", "2"})
#: The record is incomplete without a photo.
PHOTOGRAPHED = frozenset({Step.LOCKED, Step.ARRIVED, Step.DESTROYED, Step.DESTROYED_ON_SITE})

CLASS_TITLES = {"3": "機密性3", "2": "機密性2", "1": "機密性1", "0": "記憶装置なし"}
KIND_TITLES = {
    "notebook": "ノートPC",
    "desktop": "デスクトップPC",
    "tablet": "タブレット",
    "server": "サーバー",
    "monitor": "モニター",
    "other": "その他",
}
VOID_REASONS = {
    "wrong_sticker": "ラベルの貼り間違い",
    "wrong_cage": "かご車の間違い",
    "wrong_count": "数の間違い",
    "wrong_step": "工程の間違い",
    "not_listed": "一覧にない物",
    "other": "その他",
}
#: Why a receiver does not take a cage over.
DECLINE_REASONS = {
    "seal": "封印が違う・切れている",
    "count": "台数が合わない",
    "manifest": "一覧のしるしが違う",
    "damaged": "かご車が壊れている",
    "not_mine": "自分の担当ではない",
    "other": "その他",
}


class Severity(StrEnum):
    """What a discrepancy does: stops commands on the thing, warns, or waits for other phones (記録待ち)."""

    BLOCK = "block"
    WARN = "warn"
    WAIT = "wait"


class Discrepancy(StrEnum):
    """Typed discrepancies. The code never changes; its sentence is in messages.py."""

    MISSING = "MISSING"
    EXTRA = "EXTRA"
    WRONG_CAGE = "WRONG_CAGE"
    WRONG_LOT = "WRONG_LOT"
    SEAL_MISMATCH = "SEAL_MISMATCH"
    SEAL_BROKEN = "SEAL_BROKEN"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    SKIPPED = "SKIPPED"
    DOUBLE_SCAN = "DOUBLE_SCAN"
    SCAN_IN_TRANSIT = "SCAN_IN_TRANSIT"
    SAME_PERSON = "SAME_PERSON"
    NO_WITNESS = "NO_WITNESS"
    CLOCK_SKEW = "CLOCK_SKEW"
    COUNT_BALANCE = "COUNT_BALANCE"
    OVERLAP = "OVERLAP"
    OPEN_UNLOGGED = "OPEN_UNLOGGED"
    ZOMBIE = "ZOMBIE"
    UNKNOWN_CODE = "UNKNOWN_CODE"
    VOID_CODE = "VOID_CODE"
    NOT_LISTED = "NOT_LISTED"
    DOUBLE_BIND = "DOUBLE_BIND"
    PHOTO_MISSING = "PHOTO_MISSING"
    VOID_INEFFECTIVE = "VOID_INEFFECTIVE"
    NOT_PERMITTED = "NOT_PERMITTED"
    HANDOVER_UNANSWERED = "HANDOVER_UNANSWERED"
    HANDOVER_DECLINED = "HANDOVER_DECLINED"
    OFFER_AWAITED = "OFFER_AWAITED"
    OFFER_WITHDRAWN = "OFFER_WITHDRAWN"
    ANSWER_MISMATCH = "ANSWER_MISMATCH"
    ANSWER_BY_OTHER = "ANSWER_BY_OTHER"


_WARN = {
    Discrepancy.DOUBLE_SCAN,
    Discrepancy.CLOCK_SKEW,
    Discrepancy.PHOTO_MISSING,
    Discrepancy.NOT_LISTED,
    Discrepancy.VOID_CODE,
    Discrepancy.VOID_INEFFECTIVE,
    Discrepancy.HANDOVER_UNANSWERED,
    Discrepancy.HANDOVER_DECLINED,
    Discrepancy.ANSWER_BY_OTHER,
}
_WAIT = {Discrepancy.UNKNOWN_CODE, Discrepancy.OFFER_AWAITED}
SEVERITY: dict[str, Severity] = {
    code: Severity.WAIT if code in _WAIT else Severity.WARN if code in _WARN else Severity.BLOCK
    for code in Discrepancy
}

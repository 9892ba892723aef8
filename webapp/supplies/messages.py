"""What people read for each code of this room."""

from webapp.supplies import form_messages

SENTENCES: dict[str, str] = {
    "supplies.not_allowed": "この操作をする権限がありません。",
    "supplies.body": "送られた内容の「{field}」が読み取れません。",
    "supplies.code_needed": "荷物のラベルを読み取ってください。",
    "supplies.name_missing": "名前を入力してください。",
    "supplies.unknown_disaster": "この災害は見つかりません。",
    "supplies.disaster_closed": "この災害の受け付けは終わりました。",
    "supplies.unknown_shelter": "この避難所は見つかりません。",
    "supplies.not_your_shelter": "ほかの避難所の記録はできません。",
    "supplies.unknown_hub": "転送先の集積拠点が見つかりません。",
    "supplies.shelter_closed": "この避難所は今、荷物を受け入れていません。",
    "supplies.accepts_none": "この避難所は、ここでの提供を受け付けていません。市町村にお問い合わせください。",
    "supplies.organisations_only": "この避難所は、団体と自治体からの提供だけを受け付けています。",
    "supplies.too_few": "この避難所は、{least}以上のまとまった数量だけを受け付けています。",
    "supplies.unknown_need": "この必要物資は見つかりません。",
    "supplies.need_stopped": "この必要物資は「もう要りません」になりました。",
    "supplies.need_met": (
        "この必要物資は、すでに足りています。ほかに必要としている避難所を探すか、提供物資として登録してください。"
    ),
    "supplies.need_by_past": form_messages.SENTENCES["supplies.need_by_past"],
    "supplies.already_coming": (
        "すでに{coming}が依頼済み・輸送中・受領済みです。それより少なくするときは「それでも変更する」を選んでください。"
    ),
    "supplies.more_than_needed": (
        "必要な数は残り{open}です。それより多く頼むときは「必要数を増やして依頼する」を選んでください。"
    ),
    "supplies.sent_before": "この登録はすでに送られています。",
    "supplies.unknown_item": "この品目は選べません。",
    "supplies.unknown_variant": "サイズ・種類を選んでください。",
    "supplies.other_item": "必要とされている品目・サイズと違います。",
    "supplies.allergens": "アレルギーのある人のための物資です。アレルゲンの申告がないもの、含むものは送れません。",
    "supplies.expired": "賞味期限・使用期限が過ぎています。",
    "supplies.until_past": "提供できる期限が過ぎています。これからの日を入力してください。",
    "supplies.unknown_offer": "この提供物資は見つかりません。",
    "supplies.offer_gone": "この提供物資は、今は受け付けていません。",
    "supplies.not_so_many": "今残っているのは{most}です。それ以下の数を入力してください。",
    "supplies.lots_only": "この提供物資は{lot}単位でだけ依頼できます。",
    "supplies.mail_unverified": "メールアドレスの確認がまだです。届いたメールのリンクを開いてください。",
    "supplies.verified_before": "メールアドレスは確認済みです。",
    "supplies.unknown_match": "この便は見つかりません。",
    "supplies.answered": "この申し出は、すでに「{state}」になっています。",
    "supplies.only_less": "減らす変更だけができます（{most}まで）。増やすときは、新しく登録してください。",
    "supplies.not_on_the_way": "この便は今「{state}」です。発送済みで届いていない便だけを不着にできます。",
    "supplies.too_early": "到着予定から10日過ぎるまでは、不着にできません。",
    "supplies.not_arrived": "この便は今「{state}」です。一部が到着した便だけを締め切れます。",
    "supplies.is_pledged": "まだ送付依頼が来ていません。依頼のメールが届いてから操作してください。",
    "supplies.is_requested": "まだ発送されていません。",
    "supplies.is_shipped": "この便はすでに発送済みです。",
    "supplies.is_arrived": "この便はすでに避難所に到着しています。",
    "supplies.is_received": "この便はすでに受領されています。",
    "supplies.is_declined": "この申し出は辞退されました。発送しないでください。",
    "supplies.is_lapsed": "この申し出は期限切れになりました。発送しないでください。",
    "supplies.is_cancelled": "この便は取り消されています。発送しないでください。",
    "supplies.is_lost": "この便は不着として記録されています。",
}

FINDING_TEXTS: dict[str, str] = {
    "PARCEL_VOID": "無効になったラベルの荷物です。中身を確かめてください。",
    "PARCEL_UNKNOWN": "この市町村の荷物ではありません。ラベルと届け先を確かめてください。",
    "PARCEL_ELSEWHERE": "別の避難所あての荷物です。",
    "PARCEL_NOT_SHIPPED": "「発送」が押される前に届きました。",
    "PARCEL_STOPPED": "「もう要りません」のあとに届いた荷物です。",
    "PARCEL_SHORT": "数が足りないか、傷んだものがあります。",
    "PARCEL_OVER": "ラベルより多く届きました。",
    "PARCEL_EXPIRED": "期限の過ぎたものがあります。",
    "SHELTER_CLOSED": "閉鎖した避難所あての荷物です。",
    "DISASTER_UNKNOWN": "どの災害の物資か、まだ決まっていません。訂正して、災害を選んで入れ直せます。",
}

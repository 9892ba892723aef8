"""What people read for each code of this package."""

SENTENCES: dict[str, str] = {
    "identity.login_needed": "ログインしてください。記録は端末に残っています。",
    "identity.login_refused": (
        "ログインできませんでした。ログインIDとパスワードを確かめてください。"
        "10回続けて間違えると、正しいパスワードでも15分間ログインできません。"
    ),
    "identity.not_allowed": "この操作をする権限がありません。必要なときは管理者に相談してください。",
    "identity.login_taken": "このログインIDはすでに使われています。別のIDにしてください。",
    "identity.login_malformed": (
        "ログインIDは半角の英小文字・数字・記号（. _ - @）で、3〜64文字にしてください。"
    ),
    "identity.name_missing": "氏名を入力してください。",
    "identity.email_malformed": "メールアドレスの形が正しくありません。",
    "identity.roles_missing": "役割を1つ以上選んでください。",
    "identity.roles_not_here": "この組織の人には付けられない役割が含まれています。",
    "identity.not_yourself": "自分自身の管理権限は外せません。ほかの管理者に頼んでください。",
    "identity.has_left": "この人はすでに退職・離任の扱いです。",
    "identity.has_not_left": "個人情報を消す前に、退職・離任の扱いにしてください。",
    "identity.link_dead": (
        "このリンクは使えません。期限が切れたか、すでに使われています。管理者に新しいリンクを頼んでください。"
    ),
    "identity.password_short": "パスワードは10文字以上にしてください。",
    "identity.password_long": "パスワードは128文字以内にしてください。",
    "identity.password_common": (
        "推測されやすいパスワードです。名前やログインIDを含まない、別の言葉の組み合わせにしてください。"
    ),
    "identity.passwords_differ": "2つのパスワードが同じではありません。もう一度入力してください。",
    "identity.password_wrong": "今のパスワードが違います。",
    "identity.organisation_name_missing": "組織の名前を入力してください。",
    "identity.organisation_kind_not_yours": "組織の種類を選んでください。",
    "identity.lg_code_malformed": "全国地方公共団体コードは6桁の数字です。番号を確かめてください。",
    "identity.lg_code_taken": "この全国地方公共団体コードの自治体はすでに登録されています。",
    "identity.phone_malformed": "電話番号は数字とハイフンで入力してください。",
}

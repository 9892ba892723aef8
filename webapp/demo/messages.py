"""What the demo says."""

SENTENCES = {
    "demo.already_told": (
        "データベースには、すでに人が登録されています。デモの物語は、空のデータベースにだけ入れられます。"
    ),
}

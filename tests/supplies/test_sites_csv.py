"""The municipal list of evacuation sites, in and out."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.kernel.base.tabular import read_table
from webapp.supplies.town.repairs import full_code, full_phone, is_mail
from webapp.supplies.town.sites import HAZARDS, Site, write_sites
from webapp.supplies.town.sites_csv import Severity, SiteList, read_sites

HEAD = "全国地方公共団体コード,ID,名称,所在地_連結表記,緯度,経度,電話番号,災害種別_洪水,想定収容人数"


def _read(*rows: str, head: str = HEAD, own: str = "", encoding: str = "utf-8") -> SiteList:
    return read_sites(read_table("\r\n".join([head, *rows]).encode(encoding), "list.csv"), own)


def _reasons(found: SiteList) -> list[str]:
    return [problem.code.removeprefix("supplies.site_") for problem in found.problems]


def test_what_a_spreadsheet_took_is_put_back_and_said() -> None:
    found = _read('62014,1,中央小学校,山形県山形市本町1-1,38.25,140.33,233432111,1,"1,200 "')
    (site,) = found.sites
    assert (site.code, site.phone, site.capacity) == ("062014", "0233432111", 1200)
    assert (site.lat_e6, site.lon_e6, site.hazards) == (38_250_000, 140_330_000, ("flood",))
    assert _reasons(found) == ["code_restored", "phone_restored"]


def test_latitude_and_longitude_that_changed_places_are_offered_as_corrected() -> None:
    found = _read("062014,1,中央小学校,,140.33,38.25,,,")
    assert (found.sites[0].lat_e6, found.sites[0].lon_e6) == (38_250_000, 140_330_000)
    assert _reasons(found) == ["swapped"]
    assert found.problems[0].severity is Severity.WARNING


@pytest.mark.parametrize(
    ("row", "reasons", "kept"),
    [
        ("062014,1,,山形市,,,,,", ["missing_name"], 0),
        ("062014,1,公園,,51.5,-0.1,,,", ["outside"], 1),
        ("062014,1,公園,,38.25,,,,", ["half_place"], 1),
        ("062014,1,公園,,38度15分,140度,,,", ["bad_place"], 1),
        ("062015,1,公園,,,,,,", ["code_unknown"], 1),
        ("011002,1,公園,,,,,,", ["other_town"], 1),
        ("062014,1,公園,,,,内線のみ,,", ["bad_phone"], 1),
        ("062014,1,公園,,,,,はい,約百人", ["bad_flag", "bad_number"], 1),
        ("062014,1,=cmd|calc,,,,,,", ["formula_cell"], 1),
        ("◎,◎,◎,○,○,○,,,", ["not_a_site"], 0),
    ],
)
def test_each_oddity_has_its_own_code(row: str, reasons: list[str], kept: int) -> None:
    found = _read(row, own="062014")
    assert _reasons(found) == reasons
    assert len(found.sites) == kept


def test_the_same_id_twice_is_an_error_in_both_rows_and_the_others_stay() -> None:
    found = _read("062014,1,甲,,,,,,", "062014,1,乙,,,,,,", "062014,2,丙,,,,,,")
    assert [(p.row, p.severity) for p in found.problems] == [(2, Severity.ERROR), (3, Severity.ERROR)]
    assert "3行目" in found.problems[0].message
    assert [site.name for site in found.sites] == ["丙"]
    assert found.rows == 3


def test_a_list_without_names_is_no_list() -> None:
    found = _read("1,2", head="NO,住所")
    assert (_reasons(found), found.sites) == (["missing_columns"], [])


def test_the_older_layout_and_gsis_words_are_read_too() -> None:
    old = _read(
        "63622,1,山形県,最上町,大堀小学校,大堀600,38.76,140.51",
        head="都道府県コード又は市区町村コード,NO,都道府県名,市区町村名,名称,住所,緯度,経度",
        encoding="cp932",
    )
    assert (old.layout, old.sites[0].code, old.sites[0].address) == (
        "recommended",
        "063622",
        "山形県最上町大堀600",
    )
    gsi = _read("1,E0636200001101,大堀小学校,1", head="NO,共通ID,施設・場所名,洪水")
    assert (gsi.sites[0].name, gsi.sites[0].id) == ("大堀小学校", "E0636200001101")
    assert (gsi.sites[0].hazards, gsi.problems) == (("flood",), [])


def test_codes_and_telephone_numbers_are_mended_only_where_that_is_certain() -> None:
    assert [full_code(code) for code in ("92011", "13101", "1100", "092011", "092012", "山形")] == [
        *("092011", "131016", "011002", "092011", "", "")
    ]
    assert full_phone("０２３３（４３）２１１１") == "0233-43-2111"
    assert full_phone("90-1234-5678") == "090-1234-5678"
    assert [full_phone(text) for text in ("12", "0233-43-21", "一一〇")] == ["", "", ""]
    assert is_mail("hinanjo@town.example.jp")
    assert not any(map(is_mail, ("a@b", "a b@c.jp", "a@c.jp\r\nBcc: x@y.jp", "a@c.jp\n")))


WORDS = st.text(st.sampled_from("最上町大堀小学校体育館ABC 12-（）=+@"), max_size=12).map(str.strip)
SITES = st.lists(
    st.builds(
        Site,
        row=st.just(0),
        name=WORDS.filter(lambda word: word.strip("-= +@") != ""),
        id=st.text(st.sampled_from("0123456789AZ-"), min_size=1, max_size=8),
        code=st.sampled_from(["063622", "011002"]),
        kana=WORDS,
        address=WORDS,
        building=WORDS,
        phone=st.sampled_from(["", "0233-43-2111", "0120123456"]),
        mail=st.sampled_from(["", "a@town.example.jp"]),
        hazards=st.sets(st.sampled_from(HAZARDS)).map(lambda s: tuple(h for h in HAZARDS if h in s)),
        also_shelter=st.booleans(),
        capacity=st.none() | st.integers(0, 999_999),
        note=WORDS,
    ),
    unique_by=lambda site: site.id,
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(
    SITES,
    st.sampled_from(["standard", "recommended"]),
    st.sampled_from(["cp932", "utf-8-sig"]),
    st.booleans(),
)
def test_what_is_written_is_read_back(sites, layout, encoding, placed) -> None:  # type: ignore[no-untyped-def]
    place = {"lat_e6": 38_761_234, "lon_e6": 140_512_345} if placed else {}
    wanted = [
        {"name": s.name, "id": s.id, "kana": s.kana, "address": s.address, "hazards": s.hazards}
        | place
        | {"capacity": s.capacity, "code": s.code, "phone": s.phone, "note": s.note}
        for s in sites
    ]
    sites = [Site(**{f: getattr(s, f) for f in s.__slots__} | place) for s in sites]
    found = read_sites(read_table(write_sites(sites, layout, encoding), "sites.csv"))
    assert found.layout == layout
    read = [
        {name: getattr(site, name) for name in want} for site, want in zip(found.sites, wanted, strict=True)
    ]
    assert read == [
        {**want, **{n: " ".join(str(want[n]).split()) for n in ("name", "kana", "address", "note")}}
        for want in wanted
    ]


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless() -> None:
    data = write_sites([Site(row=0, name='=HYPERLINK("http://x")', note="@SUM(A1)")], "standard", "utf-8-sig")
    _, row = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert row[2].startswith("'=")
    assert row[-1].startswith("'@")

"""The screens of people: add, change, stop, leave, erase; and who does not see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.identity import PASSWORD, a_person, an_organisation, found, log_in, the_person
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Organisation, Person, PersonState, ResetLink

LONG = "むらさきの牛が鐘をつく"


@pytest.fixture
def town(app):
    return an_organisation(name="最上町")


@pytest.fixture
def admin(client, town):
    """An administrator of 最上町, logged in on `client`."""
    person = a_person("admin", town, name="佐藤 花")
    log_in(client, person)
    return person


def a_form(**fields):
    form = {"id": new_id(), "name": "田中 実", "login": "tanaka", "email": "", "roles": ["officer"]}
    return form | fields


def link_of(answer) -> str:
    return found(r'href="http://localhost(/reset/[^"]+)"', answer.text)


def test_from_add_to_the_first_login_of_the_new_person(client, admin, app):
    # when the administrator adds somebody
    answer = client.post("/people/new", data=a_form(organisation=admin.organisation_id))
    # then a link is shown once, and not kept by any cache
    assert answer.headers["Cache-Control"] == "no-store"
    phone = app.test_client()
    assert "tanaka" in phone.get(link_of(answer)).text
    # and with it the person sets a password and is in
    assert phone.post(link_of(answer), data={"password": LONG, "again": LONG}).headers["Location"] == "/login"
    assert "パスワードを設定しました" in phone.get("/login").text
    log_in(phone, the_person("tanaka"), LONG)
    assert "田中 実" in phone.get("/account").text


def test_a_double_click_adds_one_person(client, admin):
    form = a_form(organisation=admin.organisation_id)
    first, second = (client.post("/people/new", data=form) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert db.session.query(Person).filter_by(login="tanaka").count() == 1
    assert (
        client.get(link_of(second)).status_code == 200
    )  # the page that the browser shows is the one that works


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "氏名を入力"),
        ({"login": "田中"}, "半角の英小文字"),
        ({"login": "ab"}, "3〜64文字"),
        ({"login": "a" * 65}, "3〜64文字"),
        ({"email": "nobody"}, "メールアドレスの形"),
        ({"roles": []}, "役割を1つ以上"),
        ({"roles": ["driver"]}, "付けられない役割"),
        ({"roles": ["root"]}, "役割を1つ以上"),
    ],
)
def test_a_wrong_field_is_said_beside_it_and_what_was_typed_stays(client, admin, fields, sentence):
    answer = client.post("/people/new", data=a_form(organisation=admin.organisation_id, **fields))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "田中 実" in answer.text or fields.get("name")
    assert db.session.query(Person).count() == 1


def test_a_login_belongs_to_one_person_even_across_organisations(client, admin):
    a_person("driver", login="tanaka")
    answer = client.post("/people/new", data=a_form(organisation=admin.organisation_id, login="ＴＡＮＡＫＡ"))
    assert answer.status_code == 422
    assert "すでに使われています" in answer.text


def test_markup_in_a_name_is_text(client, admin):
    form = a_form(organisation=admin.organisation_id, name='<script>alert("x")</script>')
    client.post("/people/new", data=form)
    page = client.get("/people").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_roles_and_name_can_be_changed(client, admin, town):
    person = a_person("officer", town)
    path = f"/people/{person.id}/change"
    assert person.login in client.get(path).text
    answer = client.post(
        path, data=a_form(name="田中 実里", login=person.login, roles=["officer", "auditor"])
    )
    assert answer.status_code == 302
    page = client.get(answer.headers["Location"]).text
    assert "田中 実里" in page
    assert "自治体職員・監査人" in page


def test_nobody_takes_the_power_from_themselves(client, admin):
    me = f"/people/{admin.id}"
    answer = client.post(f"{me}/change", data=a_form(login=admin.login, roles=["officer"]))
    assert "自分自身の管理権限は外せません" in answer.text
    assert client.post(f"{me}/leave").status_code == 422
    assert client.post(f"{me}/lock").status_code == 422
    assert client.get("/people").status_code == 200


def test_leaving_keeps_the_name_and_erasing_blanks_it(client, admin, town, app):
    person = a_person("officer", town, name="高橋 一", login="takahashi")
    theirs = app.test_client()
    log_in(theirs, person)
    ground = {"basis": "request"}
    assert client.post(f"/people/{person.id}/erase", data=ground).status_code == 422  # not before leaving
    assert "元に戻せません" in client.get(f"/people/{person.id}/leave").text
    client.post(f"/people/{person.id}/leave")
    assert theirs.get("/account").status_code == 302
    assert "高橋 一" not in client.get("/people").text
    assert "高橋 一" in client.get("/people?left=1").text
    # when the personal data is erased
    assert client.post(f"/people/{person.id}/erase").status_code == 422  # not without a ground
    client.post(f"/people/{person.id}/erase", data=ground)
    # then nothing of it is left, and the id stays
    blank = db.session.get_one(Person, person.id)
    assert (blank.name, blank.login, blank.email, blank.password_hash) == ("", None, None, None)
    assert "削除済み" in client.get("/people?left=1").text


def test_a_stop_and_its_end(client, admin, town):
    person = a_person("officer", town)
    client.post(f"/people/{person.id}/lock")
    assert "停止中" in client.get("/people").text
    client.post(f"/people/{person.id}/unlock")
    assert db.session.get_one(Person, person.id).state == PersonState.ACTIVE


def test_nothing_can_be_done_about_a_leaver_but_erase(client, admin, town):
    person = a_person("officer", town, state=PersonState.LEFT)
    for act in ("lock", "unlock", "reset-link"):
        assert client.post(f"/people/{person.id}/{act}").status_code == 422
    assert client.post(f"/people/{person.id}/change", data=a_form()).status_code == 422


def test_a_list_can_be_searched_and_has_pages(client, admin, town):
    for number in range(51):
        a_person("officer", town, name=f"職員 {number:02}", login=f"staff.{number:02}")
    assert "52人" in client.get("/people").text
    assert "職員 50" not in client.get("/people").text
    assert "職員 50" in client.get("/people?page=2").text
    assert "1人" in client.get("/people?q=STAFF.07").text
    assert "0人" in client.get("/people?q=%25").text  # a percent sign is a percent sign
    assert client.get("/people?page=99").status_code == 200


def test_people_of_another_organisation_are_not_there(client, admin):
    stranger = a_person("officer")
    assert stranger.name not in client.get("/people").text
    for path in ("", "/change", "/leave", "/erase"):
        assert client.get(f"/people/{stranger.id}{path}").status_code == 404
    for path in ("/change", "/leave", "/erase", "/lock", "/unlock", "/reset-link"):
        assert client.post(f"/people/{stranger.id}{path}", data=a_form()).status_code == 404
    form = a_form(organisation=stranger.organisation_id)
    assert client.post("/people/new", data=form).status_code == 404
    assert client.get(f"/people/new?organisation={stranger.organisation_id}").status_code == 404
    assert db.session.get_one(Person, stranger.id).name == stranger.name


@pytest.mark.parametrize("role", ["officer", "driver", "itad_operator", "auditor"])
def test_who_does_not_manage_people_sees_no_list(client, role):
    log_in(client, a_person(role))
    assert client.get("/people").status_code == 403
    assert client.post("/people/new", data=a_form()).status_code == 403
    assert client.get("/organisations").status_code == 403


def test_a_town_manages_its_carriers_drivers(client, admin, town):
    carrier = an_organisation("carrier", invited_by=town, name="山形運送")
    answer = client.post("/people/new", data=a_form(organisation=carrier.id, roles=["driver"]))
    assert answer.status_code == 200
    assert "山形運送" in client.get("/people").text


def test_a_town_begins_an_itad_company_and_then_its_manager_takes_over(client, admin, town, app):
    # given a company that the town has invited
    company = an_organisation("itad", invited_by=town)
    form = a_form(organisation=company.id, login="manager", roles=["itad_manager"])
    # when its first person is entered and has set a password
    link = link_of(client.post("/people/new", data=form))
    manager = the_person("manager")
    assert client.get(f"/people/{manager.id}").status_code == 200  # a lost link can be made again
    link = link_of(client.post(f"/people/{manager.id}/reset-link"))
    theirs = app.test_client()
    theirs.post(link, data={"password": LONG, "again": LONG})
    # then the town sees them no more, and they manage their own
    assert client.get(f"/people/{manager.id}").status_code == 404
    assert client.post(f"/people/{manager.id}/reset-link").status_code == 404
    assert "この組織の責任者が行います" in client.get("/organisations").text
    log_in(theirs, manager, LONG)
    answer = theirs.post("/people/new", data=a_form(organisation=company.id, roles=["itad_operator"]))
    assert answer.status_code == 200


def test_a_reset_link_works_once(client, admin, town, app):
    person = a_person("officer", town)
    link = link_of(client.post(f"/people/{person.id}/reset-link"))
    phone = app.test_client()
    assert phone.post(link, data={"password": LONG, "again": LONG}).status_code == 302
    assert phone.post(link, data={"password": LONG + "2", "again": LONG + "2"}).status_code == 404
    assert phone.get(link).status_code == 404
    assert "使えません" in phone.get(link).text


def test_a_new_reset_link_kills_the_older_one_and_none_is_stored_in_clear(client, admin, town):
    person = a_person("officer", town)
    old, new = (link_of(client.post(f"/people/{person.id}/reset-link")) for _ in range(2))
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    stored = db.session.query(ResetLink).one()
    assert stored.token_hash not in new


def test_a_reset_link_ends_every_session_and_a_lock_out(client, admin, town, app):
    person = a_person("officer", town)
    theirs = app.test_client()
    log_in(theirs, person)
    for _ in range(10):
        log_in(app.test_client(), person, "wrong wrong")
    link = link_of(client.post(f"/people/{person.id}/reset-link"))
    app.test_client().post(link, data={"password": LONG, "again": LONG})
    assert theirs.get("/account").status_code == 302
    assert log_in(theirs, person, LONG).status_code == 302


def test_the_link_of_a_leaver_is_dead(client, admin, town):
    person = a_person("officer", town)
    link = link_of(client.post(f"/people/{person.id}/reset-link"))
    client.post(f"/people/{person.id}/leave")
    assert client.get(link).status_code == 404


@pytest.fixture
def link(client, admin, town):
    """A link for 高橋, whose login is takahashi."""
    person = a_person("officer", town, login="takahashi")
    return link_of(client.post(f"/people/{person.id}/reset-link"))


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("短い", "10文字以上"),
        ("x" * 129, "128文字以内"),
        ("password123", "推測されやすい"),
        ("Pass-Word-123", "推測されやすい"),
        ("aaaaaaaaaaaa", "推測されやすい"),
        ("takahashi-2026", "推測されやすい"),
    ],
)
def test_a_weak_password_is_refused_with_a_reason_and_the_link_stays(client, link, password, sentence):
    answer = client.post(link, data={"password": password, "again": password})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert password not in answer.text
    assert client.get(link).status_code == 200


def test_a_password_typed_two_ways_is_refused(client, link):
    answer = client.post(link, data={"password": LONG, "again": LONG + "!"})
    assert "2つのパスワードが同じではありません" in answer.text


def test_ones_own_password_needs_the_old_one_and_ends_the_other_sessions(client, app):
    person = a_person()
    other = app.test_client()
    for browser in (client, other):
        log_in(browser, person)
    wrong = client.post("/account", data={"old": "wrong wrong", "password": LONG, "again": LONG})
    assert "今のパスワードが違います" in wrong.text
    right = client.post("/account", data={"old": PASSWORD, "password": LONG, "again": LONG})
    assert right.status_code == 302
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 302


def test_an_organisation_is_invited_once_and_changed(client, admin, town):
    form = {"id": new_id(), "name": "山形 運送", "kind": "carrier", "phone": "０２３－４３－２１１１"}
    for _ in range(2):
        assert client.post("/organisations/new", data=form).status_code == 302
    carrier = db.session.query(Organisation).filter_by(name="山形 運送").one()
    assert (carrier.invited_by, carrier.phone) == (town.id, "023-43-2111")
    client.post(f"/organisations/{carrier.id}", data={"name": "山形運送", "phone": ""})
    assert "利用停止" in client.get("/organisations").text


@pytest.mark.parametrize("kind", ["municipality", "", "nonsense"])
def test_no_form_makes_a_municipality(client, admin, kind):
    form = {"id": new_id(), "name": "隣の町", "kind": kind}
    assert client.post("/organisations/new", data=form).status_code == 422
    assert db.session.query(Organisation).count() == 1


def test_another_towns_organisations_are_not_there(client, admin):
    other = an_organisation("carrier", invited_by=an_organisation(), name="よその運送")
    assert "よその運送" not in client.get("/organisations").text
    assert client.get(f"/organisations/{other.id}").status_code == 404
    assert client.post(f"/organisations/{other.id}", data={"name": "x"}).status_code == 404
    form = {"id": other.id, "name": "のっとり", "kind": "carrier"}
    assert client.post("/organisations/new", data=form).status_code == 422


@pytest.mark.parametrize("path", ["/people/new", "/organisations/new"])
def test_an_id_that_is_none_is_refused(client, admin, path):
    form = a_form(id="1", organisation=admin.organisation_id, kind="carrier")
    assert client.post(path, data=form).status_code == 400


@given(st.text(max_size=140))
def test_a_password_is_judged_whatever_it_holds(password):
    code = passwords.problem(password, "tanaka", "田中")
    assert code in {"", "identity.password_short", "identity.password_long", "identity.password_common"}


def test_who_only_administrates_starts_at_the_people_and_a_driver_in_the_app(app):
    for role, home in (("admin", "/people"), ("auditor", "/consignments"), ("driver", "/app/")):
        assert log_in(app.test_client(), a_person(role)).headers["Location"] == home


def test_the_menu_shows_only_what_one_may_do(client, app, admin):
    page = client.get("/account").text
    assert 'href="/people"' in page
    assert "最上町" in page
    driver = app.test_client()
    log_in(driver, a_person("driver"))
    page = driver.get("/account").text
    assert 'href="/people"' not in page
    assert 'href="/account"' in page

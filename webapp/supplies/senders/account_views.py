"""Accounts of senders: registering, opening the link of the mail, another mail, another password.

Whatever address is typed, the answer is the same and takes the same time; what is different stands in the mail.
"""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from time import monotonic, sleep
from typing import ParamSpec, TypeVar

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.i18n import for_senders, gettext, mark
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import NotFound, Refusal
from webapp.kernel.base.web import sentence
from webapp.kernel.identity import login, passwords
from webapp.kernel.identity.login import current_person, login_required, person_or_none
from webapp.kernel.identity.models import Person
from webapp.supplies.entries import INDIVIDUALS
from webapp.supplies.senders import account_closing, accounts
from webapp.supplies.senders import forms as sender_forms

bp = Blueprint("sender_account", __name__, template_folder="../templates")

#: How long an answer about an address takes at least, so that it does not tell whether there is an account.
ANSWER_SECONDS = 1.0
_TICKET = "sender_ticket"

P = ParamSpec("P")
R = TypeVar("R")


def each_address() -> str:
    """One counter for each address, known or not; the store never sees the address itself."""
    return sha256(request.form.get("mail", "").strip().lower().encode()).hexdigest()


def each_sender() -> str:
    """One counter for each person who is logged in, and for each network address of those who are not."""
    person = person_or_none()
    return person.id if person else get_remote_address()


def own_page(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A page of whoever has an account, in the three languages; others are led to the login."""
    return for_senders(login_required(view))


def unhurried(act: Callable[P, R]) -> Callable[P, R]:
    """Let this take as long for every address, so that time tells nothing."""

    @wraps(act)
    def slowly(*args: P.args, **kwargs: P.kwargs) -> R:
        begun = monotonic()
        answer = act(*args, **kwargs)
        if not current_app.testing:
            sleep(max(0.0, begun + ANSWER_SECONDS - monotonic()))
        return answer

    return slowly


def typed_account() -> tuple[str, str, dict[str, str]]:
    """Address and password as typed into this form, and what is wrong with them by field."""
    address, password = accounts.clean_address(request.form.get("mail", "")), request.form.get("password", "")
    errors: dict[str, str] = {}
    if isinstance(address, Refusal):
        errors["mail"] = sender_forms.sentence(address)
    known = "" if isinstance(address, Refusal) else address
    if code := passwords.problem(password, known, known.partition("@")[0]):
        errors["password"] = sentence(current_app, code, {})
    return known, password, errors


def begin(address: str, password: str) -> tuple[Person | None, bool]:
    """Who sends this form, and whether they are logged in now; None: the address has an account already.

    A right password logs in; any other one is a registration, whose browser is remembered until its link is opened.
    """
    now = now_ms()
    known = accounts.enter(address, password, now)
    if known is not None:
        login.begin_session(known, remember=False, now=now)
        return known, True
    made = accounts.register(address, password, now)
    session[_TICKET] = made.ticket
    return made.person, False


@bp.get("/send/register")
@for_senders
def register() -> ResponseReturnValue:
    """Mail and password, nothing else and nobody's approval."""
    if person_or_none() is not None:
        return redirect(url_for("sender.mine"))
    return render_template("supplies/account_register.html", values={}, errors={})


@bp.post("/send/register")
@for_senders
@limiter.limit("20 per hour")
@limiter.limit("5 per hour", key_func=each_address)
def take_registration() -> ResponseReturnValue:
    """The same answer for every address."""
    address, password, errors = typed_account()
    if errors:
        values = {"mail": request.form.get("mail", "")}
        return render_template("supplies/account_register.html", values=values, errors=errors), 422
    _person, logged_in = unhurried(begin)(address, password)
    return redirect(url_for("sender.mine" if logged_in else "sender_account.sent"), 303)


@bp.get("/send/sent")
@for_senders
def sent() -> ResponseReturnValue:
    """「メールを送りました」: what to do next."""
    return render_template("supplies/account_sent.html")


@bp.get("/send/verify/<token>")
@for_senders
def ask_verify(token: str) -> ResponseReturnValue:
    """The page behind the mail's link: asks before anything happens, because mail programs open links by themselves."""
    link = accounts.behind(token, now_ms())
    if link is None:
        return _dead()
    person = db.session.get_one(Person, link.person_id)
    waiting = len(accounts.waiting_logs(db.session(), person.id))
    page = render_template("supplies/account_verify.html", address=person.email, waiting=waiting)
    return page, 200, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def _dead() -> ResponseReturnValue:
    return render_template("supplies/account_dead.html"), 404, {"Cache-Control": "no-store"}


@bp.post("/send/verify/<token>")
@for_senders
@limiter.limit("30 per hour")
def verify(token: str) -> ResponseReturnValue:
    """「はい、わたしです」: from now on offers count. Who registered in this browser is logged in."""
    now = now_ms()
    done = accounts.verify(token, now)
    if done is None:
        return _dead()
    person, link = done
    accounts.take_effect(person)
    flash(gettext(mark("メールアドレスを確認しました。申し出が避難所に届きます。")), "ok")
    if session.get(_TICKET) == link:
        login.begin_session(person, remember=False, now=now)
        return redirect(url_for("sender.mine"), 303)
    return redirect(url_for("identity.login", next=url_for("sender.mine")), 303)


@bp.get("/send/close")
@own_page
def ask_close() -> ResponseReturnValue:
    """Say what closing the account means."""
    person = _citizen()
    open_ones = account_closing.under_way(db.session(), person.id)
    return render_template("supplies/account_close.html", open_ones=open_ones)


@bp.post("/send/close")
@own_page
def close() -> ResponseReturnValue:
    """登録をやめる: offers are taken back, the address is forgotten, the logs say so."""
    person = _citizen()
    if "sure" not in request.form or account_closing.under_way(db.session(), person.id):
        return redirect(url_for("sender_account.ask_close"), 303)
    account_closing.close(person)
    login.end_session()
    flash(gettext(mark("登録を消しました。ご支援ありがとうございました。")), "ok")
    return redirect(url_for("sender.mine"), 303)


def _citizen() -> Person:
    """Who is asking, if they made their account themselves. Raises NotFound for everybody else."""
    person = current_person()
    if person.organisation_id != INDIVIDUALS:
        raise NotFound
    return person


@bp.get("/send/again")
@for_senders
def again() -> ResponseReturnValue:
    """「メールが届かない」."""
    return render_template("supplies/account_again.html", purpose="again", values={}, errors={})


@bp.get("/send/forgot")
@for_senders
def forgot() -> ResponseReturnValue:
    """「パスワードを忘れた」."""
    return render_template("supplies/account_again.html", purpose="forgot", values={}, errors={})


@bp.post("/send/again")
@for_senders
@limiter.limit("20 per hour")
@limiter.limit("5 per hour", key_func=each_address)
def send_again() -> ResponseReturnValue:
    """Another mail to whoever waits for one."""
    return _mail("again", accounts.send_again)


@bp.post("/send/forgot")
@for_senders
@limiter.limit("20 per hour")
@limiter.limit("5 per hour", key_func=each_address)
def send_reset() -> ResponseReturnValue:
    """A mail to set another password, to whoever has an account here."""
    return _mail("forgot", accounts.ask_reset)


def _mail(purpose: str, send: Callable[[str, int], None]) -> ResponseReturnValue:
    address = accounts.clean_address(request.form.get("mail", ""))
    if isinstance(address, Refusal):
        errors = {"mail": sender_forms.sentence(address)}
        values = {"mail": request.form.get("mail", "")}
        page = render_template("supplies/account_again.html", purpose=purpose, values=values, errors=errors)
        return page, 422
    unhurried(send)(address, now_ms())
    return redirect(url_for("sender_account.sent", p=purpose), 303)

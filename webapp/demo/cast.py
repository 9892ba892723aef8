"""The demo's organisations and people. Invented; the password is the same for all and only good for a
demo.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.demo import relief
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Organisation, Person, PersonState
from webapp.kernel.identity.pseudonyms import pseudonym
from webapp.kernel.identity.roles import OrganisationKind, Role
from webapp.kernel.intake.door import Author
from webapp.kernel.ledger.log import open_log
from webapp.supplies.entries import INDIVIDUALS

PASSWORD = "ashiato-demo"  # noqa: S105  (of a demo)
MOGAMI, KANEYAMA = "063622", "063614"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the story: organisation key, login, name, roles, what they would do first, and a mail address.

    Addresses are of a domain that is nobody's (RFC 2606): mails to them stay in the trial's own mailbox.
    """

    org: str
    login: str
    name: str
    roles: tuple[Role, ...]
    task: str
    mail: str | None = None


ORGANISATIONS = {
    "mogami": (OrganisationKind.MUNICIPALITY, "最上町役場", MOGAMI, "0233-43-2111"),
    "kaneyama": (OrganisationKind.MUNICIPALITY, "金山町役場", KANEYAMA, "0233-52-2111"),
    "carrier": (OrganisationKind.CARRIER, "北日本運送", None, "0233-00-0001"),
    "kaneyama_carrier": (OrganisationKind.CARRIER, "金山運送", None, "0233-00-0002"),
    "itad": (OrganisationKind.ITAD, "みちのくITADセンター", None, "022-000-0001"),
    "sendai": (OrganisationKind.MUNICIPALITY, "仙台市役所", "041009", "022-000-0002"),
    "company": (OrganisationKind.SUPPORTER, "やまびこ商事", None, "022-000-0003"),
}
#: A carrier is its town's guest; the ITAD company works for both.
INVITED = {"carrier": "mogami", "kaneyama_carrier": "kaneyama"}
#: In which towns' logs somebody acts; others in Mogami's alone.
LOGS = {"kaneyama": [KANEYAMA], "itad": [MOGAMI, KANEYAMA], "kaneyama_carrier": [KANEYAMA]}
CAST = (
    Member("mogami", "officer", "佐藤 花子", (Role.OFFICER,), "登録・積込・施錠・引渡、不一致の確認"),
    Member("mogami", "officer2", "鈴木 一郎", (Role.OFFICER,), "立会い"),
    Member("mogami", "admin", "阿部 健", (Role.ADMIN,), "職員の追加・変更"),
    Member("mogami", "auditor", "伊藤 恵", (Role.AUDITOR,), "記録の確認"),
    Member("carrier", "driver", "高橋 誠", (Role.DRIVER,), "かご車 C-03 を運ぶ"),
    Member("carrier", "driver2", "渡辺 大輔", (Role.DRIVER,), "交代の運転"),
    Member("itad", "technician", "山本 直樹", (Role.ITAD_TECHNICIAN,), "町役場でのデータ消去"),
    Member("itad", "receiver", "中村 美咲", (Role.ITAD_RECEIVER,), "かご車の受入・開錠・検数"),
    Member("itad", "operator", "小林 翔", (Role.ITAD_OPERATOR,), "ドライブ取出・粉砕"),
    Member("itad", "checker", "加藤 由美", (Role.ITAD_CHECKER,), "粉砕の確認"),
    Member("itad", "manager", "吉田 隆", (Role.ITAD_MANAGER,), "不一致の確認"),
    Member("kaneyama_carrier", "driver3", "斎藤 進", (Role.DRIVER,), "金山町のかご車を運ぶ"),
    Member("hall", "shelter", "田中 美代子", (Role.SHELTER,), "避難所の必要物資、荷物の受け取り"),
    Member(
        "sendai",
        "sendai",
        "森 拓也",
        (Role.SUPPORTER,),
        "支援自治体として物資を送る",
        "mori@city-sendai.example",
    ),
    Member(
        "company", "company", "大野 修", (Role.SUPPORTER,), "企業として物資を送る", "ohno@yamabiko.example"
    ),
    Member(
        "individuals",
        "citizen",
        "高木 さくら",
        (Role.SUPPORTER,),
        "個人として物資を送る",
        "sakura@sender.example",
    ),
    Member("kaneyama", "kaneyama", "柴田 明", (Role.OFFICER,), "12台をかご車に積む"),
)


@dataclass(frozen=True, slots=True)
class Company:
    """Everybody after casting: ids of organisations, authors and names by login."""

    orgs: dict[str, str]
    authors: dict[str, Author]
    shelters: dict[str, str]


def home_of(member: Member) -> str:
    """The name of somebody's organisation."""
    shelters = {key: name for key, name, *_ in relief.SHELTERS}
    found = ORGANISATIONS.get(member.org)
    return found[1] if found else shelters.get(member.org, "個人")


def assemble(session: Session, now: int) -> Company:
    """Create organisations, logs and people. The caller's transaction commits."""
    orgs = {key: new_id() for key in ORGANISATIONS}
    for key, (kind, name, lg_code, phone) in ORGANISATIONS.items():
        invited_by = orgs[INVITED[key]] if key in INVITED else None
        session.add(
            Organisation(
                id=orgs[key], name=name, kind=kind, lg_code=lg_code, phone=phone, invited_by=invited_by
            )
        )
    shelters = {key: new_id() for key, *_ in relief.SHELTERS}
    session.add_all(relief.shelter_organisations(shelters, orgs["mogami"]))
    session.add(relief.individuals())
    orgs |= {"hall": shelters["hall"], "individuals": INDIVIDUALS}
    session.flush()
    for key, log, name in (("mogami", MOGAMI, "最上町"), ("kaneyama", KANEYAMA, "金山町")):
        open_log(session, log, f"ashiato.example/log/{log}", name, orgs[key], now)
    password_hash = passwords.make_hash(PASSWORD)
    authors = {member.login: _cast(session, member, orgs, password_hash, now) for member in CAST}
    return Company(orgs, authors, shelters)


def _cast(session: Session, member: Member, orgs: dict[str, str], password_hash: str, now: int) -> Author:
    person = Person(
        id=new_id(),
        login=member.login,
        name=member.name,
        organisation_id=orgs[member.org],
        roles=[str(role) for role in member.roles],
        state=PersonState.ACTIVE,
        password_hash=password_hash,
        email=member.mail,
        created_ms=now,
    )
    session.add(person)
    session.flush()
    home = LOGS.get(member.org, [MOGAMI])
    names = {log: pseudonym(session, log, person.id) for log in home}
    return Author(person.id, person.organisation_id, tuple(person.roles), names)

"""Whose signatures are enough: trust policies (C2SP tlog-policy). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from webapp.kernel.tlog import checkpoints, notes
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, NoteError, VerifyKey

NONE = "none"
MOST_NAMES = 256


class PolicyError(ValueError):
    """The text is not a policy."""


@dataclass(frozen=True, slots=True)
class Party:
    """A log or a witness: its key, and where it answers, if that is known."""

    key: VerifyKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """At least `least` of these witnesses or groups."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A checkpoint that a known log signed, who cosigned it (name → seconds), and whether that is enough."""

    checkpoint: Checkpoint
    witnesses: dict[str, int]
    is_enough: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """Known logs, known witnesses by name, groups in the order of their lines, and the name that must be met."""

    logs: tuple[Party, ...] = ()
    witnesses: dict[str, Party] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    def is_met(self, cosigned: set[str]) -> bool:
        """Whether these witnesses are enough."""
        return self.quorum == NONE or self._holds(self.quorum, cosigned)

    def _holds(self, name: str, cosigned: set[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in cosigned
        return sum(self._holds(member, cosigned) for member in group.members) >= group.least

    def judge(self, raw: bytes) -> Judgement:
        """Check a signed checkpoint. Raises NoteError unless one of the logs signed it under its own origin.

        The origin line must be the signing key's name; a failing signature of any known key refuses the note.
        """
        note = notes.parse(raw)
        checkpoint = checkpoints.parse(note.text)
        names = {party.key: name for name, party in self.witnesses.items()}
        signed = notes.verified(note, [*(log.key for log in self.logs), *names])
        if not any(log.key in signed and log.key.name == checkpoint.origin for log in self.logs):
            raise NoteError("no known log signed this checkpoint")
        cosigned = {names[key]: at for key, at in signed.items() if key in names}
        return Judgement(checkpoint, cosigned, self.is_met(set(cosigned)))

    def render(self) -> str:
        """The policy as a file."""
        lines = [f"log {log.key.vkey} {log.url}".rstrip(" ") for log in self.logs]
        lines += [f"witness {name} {w.key.vkey} {w.url}".rstrip(" ") for name, w in self.witnesses.items()]
        lines += [f"group {name} {g.least} {' '.join(g.members)}" for name, g in self.groups.items()]
        return "\n".join([*lines, f"quorum {self.quorum}"]) + "\n"


def least_of(count: int) -> int:
    """More than two thirds of `count` witnesses: with fewer, liars can let two histories be accepted.

    3 of 3, 3 of 4, 4 of 5, 5 of 7. Two of three is not safe: one liar is enough. Source: sigsum, Byzantine
    witnesses (2023-11).
    """
    return 2 * count // 3 + 1


def simple(log: Party, witnesses: dict[str, Party], least: int | None = None) -> Policy:
    """One log and `least` of these witnesses (without it, more than two thirds); none if there are none."""
    if not witnesses:
        return Policy((log,))
    group = Group(least_of(len(witnesses)) if least is None else least, tuple(witnesses))
    return Policy((log,), witnesses, {"quorum-of-nodes": group}, "quorum-of-nodes")


def parse(text: str) -> Policy:
    """Read a policy file. Raises PolicyError, saying which line."""
    if any(letter < " " and letter not in "\t\n" for letter in text) or "\x7f" in text:
        raise PolicyError("a policy holds no control characters")
    draft = _Draft()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if words and not words[0].startswith("#"):
            try:
                draft.take(words)
            except (NoteError, PolicyError) as problem:
                raise PolicyError(f"line {number}: {problem}") from None
    return draft.finished()


class _Draft:
    """A policy while it is read, line by line."""

    def __init__(self) -> None:
        self.logs: list[Party] = []
        self.witnesses: dict[str, Party] = {}
        self.groups: dict[str, Group] = {}
        self.quorum = ""
        self.used: set[str] = set()

    def take(self, words: Sequence[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) < 2:
                self.logs.append(_party(vkey, url, SIGNATURE, [log.key for log in self.logs]))
            case ["witness", name, vkey, *url] if len(url) < 2:
                known = [witness.key for witness in self.witnesses.values()]
                self.witnesses[self._fresh(name)] = _party(vkey, url, COSIGNATURE, known)
            case ["group", name, least, *members] if members:
                self._group(name, least, members)
            case ["quorum", name] if not self.quorum:
                if name != NONE and name not in self.witnesses and name not in self.groups:
                    raise PolicyError(f"{name} is not known yet")
                self.quorum = name
            case _:
                raise PolicyError("this is no line of a policy")

    def _group(self, name: str, least: str, members: Sequence[str]) -> None:
        fresh = self._fresh(name)
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise PolicyError(f"{member} is not known yet")
            if member in self.used:
                raise PolicyError(f"{member} is a member twice")
            self.used.add(member)
        words = {"all": len(members), "any": 1}
        count = words[least] if least in words else checkpoints.size_of(least)
        if not 1 <= count <= len(members):
            raise PolicyError("a group asks for at least one and at most all of its members")
        self.groups[fresh] = Group(count, tuple(members))

    def _fresh(self, name: str) -> str:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise PolicyError(f"{name} is taken")
        if len(self.witnesses) + len(self.groups) >= MOST_NAMES:
            raise PolicyError("too many names")
        return name

    def finished(self) -> Policy:
        if not self.quorum:
            raise PolicyError("a policy says its quorum")
        return Policy(tuple(self.logs), self.witnesses, self.groups, self.quorum)


def _party(vkey: str, url: Sequence[str], kind: int, known: Sequence[VerifyKey]) -> Party:
    key = VerifyKey.parse(vkey)
    if key.kind != kind:
        raise PolicyError("a key of another type is needed here")
    if any(other.public == key.public for other in known):
        raise PolicyError("the same key twice")
    return Party(key, url[0] if url else "")

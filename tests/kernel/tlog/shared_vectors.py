"""What Python and the phone must read alike: `tests/vectors/tlog.json`.

`python -m tests.kernel.tlog.shared_vectors` writes it; a test fails while it is stale. A result of null means refused.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from webapp.kernel.tlog import base45, checkpoints, merkle, notes, paper, policies, proof_files, proofs, tiles
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, Note, SigningKey
from webapp.kernel.tlog.policies import Party
from webapp.kernel.tlog.proof_files import ProofFile

FILE = Path(__file__).parents[2] / "vectors" / "tlog.json"
AT = 1_790_000_000
ORIGIN = "ashiato.example/log/063622"
LOG = SigningKey(ORIGIN, SIGNATURE, bytes([7]) * 32)
STRANGER = SigningKey(ORIGIN, SIGNATURE, bytes([8]) * 32)
NODES = {
    town: SigningKey(f"witness.{town}.example/w1", COSIGNATURE, bytes([number]) * 32)
    for number, town in enumerate(("shinjo", "funagata", "oishida", "obanazawa"), 20)
}
POLICY = policies.simple(Party(LOG.public), {town: Party(key.public) for town, key in NODES.items()})
OTHER_LOG = SigningKey("ashiato.example/log/062014", SIGNATURE, bytes([9]) * 32)
OTHER_POLICY = policies.simple(Party(OTHER_LOG.public), {})


def entries(count: int) -> list[bytes]:
    """Entries as the door writes them, and one that is none of ours."""
    scan = {
        "v": 1, "id": "01a20028-829c-748e-a70a-bd26044143ca", "log": "063622", "kind": "custody.scan",
        "step": "sanitized", "code": "CJ8ZQFGANF1FRKKWM", "at": AT * 1000, "body": {"result": "ok"},
    }  # fmt: skip
    by = {"actor": "p-e5c8b0a2a17e643ef57e", "org": "01a2", "roles": ["officer"]}
    line = {"by": by, "id": scan["id"], "kind": scan["kind"], "log": "063622", "p": json.dumps(scan)}
    ours = json.dumps({**line, "rec": AT * 1000, "s": "", "v": 1}, ensure_ascii=False).encode()
    return [ours, *(f"entry {number} 足あと".encode() for number in range(1, count))]


def tree(count: int) -> tuple[list[bytes], proofs.Node]:
    """The entries of a small log and the hashes of its tree."""
    held = entries(count)
    hashes = b"".join(map(merkle.leaf_hash, held))
    return held, tiles.node_from(lambda level, number: hashes if (level, number) == (0, 0) else b"")


def cosigned(size: int, *towns: str, key: SigningKey = LOG) -> bytes:
    """A checkpoint of the small log, signed by the log and by the witnesses of these towns."""
    text = Checkpoint(key.name, size, proofs.root_of(size, tree(size)[1])).text()
    return Note(text, (key.sign(text), *(NODES[town].sign(text, AT) for town in towns))).render()


def proof(index: int, size: int, *towns: str, key: SigningKey = LOG) -> ProofFile:
    """The proof of one entry of the small log."""
    return ProofFile(
        index, tuple(proofs.inclusion_path(index, size, tree(size)[1])), cosigned(size, *towns, key=key)
    )


ALL = tuple(NODES)


def build() -> dict[str, Any]:
    """All vectors."""
    return {
        "base64": table(lambda text: b64(notes.decode64(text)), _BASE64),
        "base45": table(lambda text: base45.decode(text).hex(), _BASE45),
        "sizes": table(lambda text: str(checkpoints.size_of(text)), _SIZES),
        "names": table(notes.is_name, _NAMES),
        "keys": table(_key, _vkeys()),
        "checkpoints": table(_checkpoint, _checkpoints()),
        "notes": table(_note, _notes()),
        "policies": table(_policy, _policies()),
        "judgements": list(_judgements()),
        "inclusion": list(_inclusion()),
        "consistency": list(_consistency()),
        "proof_files": table(_proof_file, _proof_files()),
        "verified": list(_verified()),
        "path_lengths": [[str(index), str(size), paper.path_length(index, size)] for index, size in _PLACES],
        "paper": [_on_paper(what, text) for what, text in papers().items()],
    }


def table(read: Callable[[Any], Any], given: Iterable[str | bytes]) -> list[list[Any]]:
    """What each of these means."""
    return [[b64(each) if isinstance(each, bytes) else each, answer(read, each)] for each in given]


def b64(raw: bytes) -> str:
    """How bytes stand in the file."""
    return base64.b64encode(raw).decode()


def answer(read: Callable[..., Any], *given: Any) -> Any:
    """What was read; None if it was refused."""
    try:
        return read(*given)
    except ValueError:
        return None


_BASE64 = (
    "", "AA==", "AAA=", "AAAA", "AB==", "AAB=", "AA", "AAA", "A", "A===", "====", "AA==\n", " AA==", "A A=", "-_==",
    "AA==AA==", "é===", "////", "+/+/", "AA=A",
)  # fmt: skip
_BASE45 = (
    "",
    "00",
    "000",
    "BB8",
    "QED8WEX0",
    "UJCLQE7W581",
    "VD92EX0",
    "GGW",
    "GGX",
    ":::",
    "5R",
    "6R",
    "::",
    "0",
    "a0",
    "0é",
    "0000",
)
_SIZES = (
    "", "0", "00", "01", "1", "-1", "+1", " 1", "1 ", "1_0", "１", "٣", "9007199254740993", "9223372036854775807",
    "9223372036854775808", "99999999999999999999",
)  # fmt: skip
_NAMES = (
    "", "a", "witness.example/w1", "a b", "a+b", "a\x7f", "a\tb", "a\u00a0b", "a\u3000b", "a\u2028", "a\u200bb",
    "足あと", "a\u0085", "a\ufeffb", "a\u1680", "a\u180e",
)  # fmt: skip
_PLACES = [(index, size) for size in range(1, 18) for index in range(size)] + [
    (0, 1_000_000), (654_321, 1_000_000), (999_999, 1_000_000), (2**62, 2**63 - 1), (2**63 - 2, 2**63 - 1),
]  # fmt: skip


def _vkeys() -> list[str]:
    good, witness = LOG.public.vkey, NODES["shinjo"].public.vkey
    name, key_id, raw = good.split("+", 2)
    return [
        good, witness, "", "+", "a+b", f"{name}+{key_id.upper()}+{raw}", f"{name}+{key_id}", f" {name}+{key_id}+{raw}",
        f"{name}x+{key_id}+{raw}", f"{name}+{key_id}+{raw}=", f"{name}+00000000+{raw}", f"{name}+{key_id}+AAAA",
    ]  # fmt: skip


def _key(vkey: str) -> dict[str, Any]:
    key = notes.VerifyKey.parse(vkey)
    return {"name": key.name, "kind": key.kind, "public": b64(key.public), "id": key.key_id.hex()}


def _checkpoints() -> list[str]:
    root = b64(merkle.EMPTY_ROOT)
    return [
        f"a\n0\n{root}\n", f"足あと log\n5\n{root}\n", f"\n0\n{root}\n", f"a\n00\n{root}\n", f"a\n0\n{root}",
        f"a\n0\n{root}\nextension\n", f"a\n0\n{root[:-4]}\n", f"a\n9223372036854775807\n{root}\n", "", "a\n0\n",
    ]  # fmt: skip


def _checkpoint(text: str) -> dict[str, str]:
    found = checkpoints.parse(text)
    return {"origin": found.origin, "size": str(found.size), "root": b64(found.root)}


def _notes() -> list[bytes]:
    whole, alone = cosigned(7, *ALL), cosigned(7)
    bad = whole[:-6] + (b"AA" if whole[-6:-4] != b"AA" else b"BB") + whole[-4:]
    lines = whole.split(b"\n")
    text = alone.split(b"\n\n")[0].decode() + "\n"
    return [
        whole, alone, cosigned(7, *ALL[:3]), cosigned(7, *ALL[:2]), cosigned(7, *ALL, key=STRANGER), bad,
        whole.replace(b"\n7\n", b"\n8\n"), whole.replace("—".encode(), b"-"), whole + lines[4] + b"\n",
        whole.replace(b"\n\n", b"\n\n\n"), whole[:-1], whole + b"\n", whole.replace(b"\n", b"\r\n"), b"", b"\n\n",
        whole.replace(b"063622", b"063622\xff"), b"\xef\xbb\xbf" + whole, whole.replace(b"example", b"exa\x07ple"),
        Note(text, (LOG.sign(text), NODES["shinjo"].sign(text, AT), NODES["shinjo"].sign(text, AT + 1))).render(),
        Note(text, (NODES["shinjo"].sign(text, AT),)).render(),
        Note(text, (LOG.sign(text), NODES["shinjo"].sign(text, (1 << 63) - 1))).render(),
        alone + whole.split(b"\n")[5].replace(b" ", b"  ") + b"\n",
    ]  # fmt: skip


def _note(raw: bytes) -> dict[str, Any]:
    note = notes.parse(raw)
    return {"text": note.text, "signatures": [[s.name, s.key_id.hex(), b64(s.blob)] for s in note.signatures]}


def _one_of() -> str:
    return policies.simple(POLICY.logs[0], POLICY.witnesses, 1).render()


def _policies() -> list[str]:
    good = POLICY.render()
    log, *rest = good.split("\n")
    return [
        good, _one_of(), OTHER_POLICY.render(), "", "quorum none\n", f"{log}\n", f"{log}\nquorum none", good + good,
        good.replace("quorum quorum", "quorum nobody"), good.replace("group quorum-of-nodes 3", "group none 3"),
        good.replace(" 3 ", " all "), good.replace(" 3 ", " any "), good.replace(" 3 ", " 0 "),
        good.replace(" 3 ", " 5 "), good.replace(" 3 ", " 03 "), good.replace(" 3 shinjo", " 3 shinjo shinjo"),
        good.replace(" ", "\t"),
        good.replace("\n", "\r\n"), f"# a comment\n\n   \t\n{good}", good.replace("witness funagata", "witness shinjo"),
        good.replace("log ", "witness x ", 1), f"{log} https://a https://b\nquorum none\n",
        f"{log} https://a\nquorum none\n",
        good.replace(NODES["funagata"].public.vkey, NODES["shinjo"].public.vkey), f"{log}\n{log}\nquorum none\n",
        "\n".join([log, *rest[:-2], "group inner 2 shinjo funagata", "group outer any inner oishida", "quorum outer"]),
    ]  # fmt: skip


def _policy(text: str) -> dict[str, Any]:
    found = policies.parse(text)
    return {
        "logs": [[log.key.vkey, log.url] for log in found.logs],
        "witnesses": [[name, party.key.vkey, party.url] for name, party in found.witnesses.items()],
        "groups": [[name, group.least, list(group.members)] for name, group in found.groups.items()],
        "quorum": found.quorum,
    }


def _judgements() -> Iterator[list[Any]]:
    """policy, number of the note, what the policy says of it."""
    for text in (POLICY.render(), _one_of(), OTHER_POLICY.render()):
        policy = policies.parse(text)
        for number, raw in enumerate(_notes()):
            yield [text, number, answer(lambda policy, raw: _judgement(policy.judge(raw)), policy, raw)]


def _judgement(found: policies.Judgement) -> dict[str, Any]:
    return {
        "size": str(found.checkpoint.size),
        "witnesses": [[name, str(at)] for name, at in found.witnesses.items()],
        "enough": found.is_enough,
    }


def _holds(check: Callable[..., None], *given: Any) -> bool:
    check(*given)
    return True


def _inclusion() -> Iterator[list[Any]]:
    for size in (1, 2, 3, 7, 8, 11):
        held, node = tree(size)
        root = proofs.root_of(size, node)
        for index in range(size):
            path = proofs.inclusion_path(index, size, node)
            for at, way in ((index, path), (index, path[1:]), (index, [*path, root]), (index + 1, path)):
                leaf = merkle.leaf_hash(held[index])
                good = answer(_holds, proofs.verify_inclusion, at, size, leaf, way, root)
                yield [str(at), str(size), b64(leaf), list(map(b64, way)), b64(root), good]


def _consistency() -> Iterator[list[Any]]:
    for old, new in ((0, 5), (1, 5), (2, 5), (4, 7), (6, 8), (7, 7), (8, 11), (5, 4)):
        node = tree(11)[1]
        path = proofs.consistency_path(old, new, node) if old <= new else []
        roots = proofs.root_of(old, node), proofs.root_of(new, node)
        for one, way in (
            (roots[0], path),
            (roots[0], path[:-1]),
            (roots[1], path),
            (roots[0], [*path, roots[1]]),
        ):
            good = answer(_holds, proofs.verify_consistency, old, new, one, roots[1], way)
            yield [str(old), str(new), b64(one), b64(roots[1]), list(map(b64, way)), good]


def _proof_files() -> list[bytes]:
    whole = proof(3, 7, *ALL).render()
    return [
        whole, proof(0, 1).render(), ProofFile(3, (), cosigned(7), b"extra").render(), b"", b"\n\n", whole[1:],
        whole.replace(b"index 3", b"index 03"), whole.replace(b"index 3", b"extra AA=="), whole.replace(b"@v1", b"@v2"),
        whole.replace(b"index 3", b"extra AB==\nindex 3"), whole.replace(b"index 3", b"index \xc3\xa9"),
        ProofFile(3, (bytes(32),) * 63, b"x").render(), ProofFile(3, (bytes(32),) * 64, b"x").render(),
    ]  # fmt: skip


def _proof_file(raw: bytes) -> dict[str, Any]:
    found = proof_files.parse(raw)
    extra = None if found.extra is None else b64(found.extra)
    path = [b64(each) for each in found.path]
    return {"index": str(found.index), "path": path, "checkpoint": b64(found.checkpoint), "extra": extra}


def _verified() -> Iterator[list[Any]]:
    """proof file, entry, policy → who cosigned."""
    held = entries(7)
    for given, entry in (
        (proof(3, 7, *ALL), held[3]), (proof(3, 7, *ALL), held[2]), (proof(0, 7, *ALL[:2]), held[0]),
        (proof(6, 7, *ALL[1:]), held[6]), (ProofFile(2, proof(3, 7).path, cosigned(7)), held[3]),
        (proof(3, 7, *ALL, key=STRANGER), held[3]),
    ):  # fmt: skip
        found = answer(lambda *what: _judgement(proof_files.verify(*what)), given, entry, POLICY)
        yield [b64(given.render()), b64(entry), POLICY.render(), found]


def papers() -> dict[str, str]:
    """QR texts, good and bad."""
    held = entries(7)
    good = paper.encode(proof(3, 7, *ALL), held[3], POLICY)
    raw = base45.decode(good.removeprefix(paper.PREFIX))
    ours = paper.encode(proof(0, 7, *ALL), held[0], POLICY)

    def made(payload: bytes) -> str:
        return paper.PREFIX + base45.encode(payload)

    return {
        "good": good,
        "ours": ours,
        "names spelled out": paper.encode(proof(3, 7, *ALL), held[3]),
        "two witnesses": paper.encode(proof(3, 7, *ALL[:2]), held[3], POLICY),
        "log alone": paper.encode(proof(0, 1), held[0], POLICY),
        "another key": paper.encode(proof(3, 7, *ALL, key=STRANGER), held[3]),
        "another log": paper.encode(proof(3, 7, key=OTHER_LOG), held[3]),
        "no prefix": good[1:],
        "small letters": good.lower(),
        "cut": good[:-3],
        "nothing": paper.PREFIX,
        "junk behind": made(raw + b"\0"),
        "long varint": made(raw.replace(b"\x07\x03", b"\x87\x00\x03", 1)),
        "index beyond": made(raw.replace(b"\x07\x03", b"\x07\x07", 1)),
        "size beyond": made(raw.replace(b"\x07\x03", b"\xff" * 9 + b"\x03", 1)),
        "bomb": made(raw[: -len(paper.deflated(held[3]))] + paper.deflated(bytes(70_000))),
        "no entry": made(raw[: -len(paper.deflated(held[3]))]),
    } | {
        f"byte {at} changed": made(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        for at in range(0, len(raw), 11)
    }


def _on_paper(what: str, text: str) -> dict[str, Any]:
    judged = answer(lambda text: _judgement(paper.verify(text, POLICY)[1]), text)
    return {"what": what, "text": text, "read": answer(_read, text), "judged": judged}


def _read(text: str) -> dict[str, Any]:
    found = paper.decode(text)
    return {
        "origin": found.origin,
        "size": str(found.size),
        "index": str(found.index),
        "path": sha256(b"".join(found.path)).hexdigest(),
        "signatures": [[each.name, each.key_id.hex()] for each in found.signatures],
        "entry": b64(found.entry),
    }


def rendered() -> str:
    """The file."""
    return json.dumps(build(), ensure_ascii=True, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(rendered())

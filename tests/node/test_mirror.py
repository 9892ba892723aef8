"""A copy holds what the log signed and nothing else; it goes on from wherever it was cut."""

import random

import pytest

from tests.node.a_log import KEY, ORIGIN, Tree, admission, entries, retirement, signed
from webapp.kernel.tlog import members, tiles
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, SigningKey
from webapp.kernel.tlog.tiles import ENTRIES, Tile
from webapp.node import access, evidence, mirror, status, tree
from webapp.node.store import Store

NOW = 1_800_000_000_000


def told(what: Tree, size: int | None = None) -> evidence.Told:
    return evidence.told(signed(what.checkpoint(size)).render(), [KEY.public], "log")


def follow(store: Store, what: Tree, size: int | None = None, read: mirror.Read | None = None) -> None:
    mirror.follow(store, told(what, size), read or what.tile, NOW)


def have(store: Store) -> tree.Copy:
    return tree.copy_of(store.reading(), ORIGIN)


def copied(store: Store) -> list[bytes]:
    """Every entry that the copy would give back."""
    sql, size = store.reading(), have(store).size
    return [
        entry for tile in tiles.bundles_of(size) for entry in tiles.unpack(tree.served(sql, ORIGIN, tile))
    ]


@pytest.mark.parametrize("sizes", [(1,), (255, 256, 257), (3, 700), (512,), (5, 5, 6), (256, 512, 1000)])
def test_a_copy_grows_with_the_log_and_answers_every_tile_of_it(store, sizes):
    log = Tree(entries(1000))
    for size in sizes:
        follow(store, log, size)
        assert have(store).size == size
        assert tree.root_at(store.reading(), ORIGIN, size) == log.checkpoint(size).root
    assert copied(store) == log.entries[: sizes[-1]]
    for tile in (*tiles.tiles_of(sizes[-1]), *tiles.bundles_of(sizes[-1])):
        assert tree.served(store.reading(), ORIGIN, tile) == log.tile(tile)


def test_a_log_of_more_than_two_levels_is_copied_whole(store):
    log = Tree(entries(66_000))
    follow(store, log, 400)
    follow(store, log)
    assert tree.root_at(store.reading(), ORIGIN, 65_537) == log.checkpoint(65_537).root
    assert tree.served(store.reading(), ORIGIN, Tile(2, 0, 1)) == log.tile(Tile(2, 0, 1))


def test_an_empty_log_is_followed_too(store):
    log = Tree([])
    follow(store, log)
    log.add(entries(3))
    follow(store, log)
    assert have(store).size == 3


@pytest.mark.parametrize("seed", range(24))
def test_one_changed_byte_anywhere_is_refused_and_what_was_there_stays(store, seed):
    # given a copy of the beginning
    log, dice = Tree(entries(900)), random.Random(seed)  # noqa: S311
    follow(store, log, 100)
    wanted = [*tiles.tiles_of(900, 100), *tiles.bundles_of(900, 100)]
    # when one tile or bundle arrives changed, cut or lengthened
    bad = dice.choice(
        [tile for tile in wanted if tile.level == ENTRIES or tile.width < 256 or tile.number == 0]
    )

    def read(tile: Tile) -> bytes:
        raw = bytearray(log.tile(tile))
        if tile == bad:
            at = dice.randrange(len(raw))
            raw[at : at + 1] = dice.choice([bytes([raw[at] ^ 1]), b"", bytes([raw[at]]) * 2])
        return bytes(raw)

    with pytest.raises(mirror.NotAsSigned):
        follow(store, log, read=read)
    # then nothing wrong was stored, and the next round brings the rest
    assert copied(store) == log.entries[: have(store).size]
    follow(store, log)
    assert copied(store) == log.entries


def test_tiles_of_another_tree_are_refused(store):
    log, other = Tree(entries(600)), Tree(entries(600, word="other"))
    with pytest.raises(mirror.NotAsSigned):
        follow(store, log, read=other.tile)
    with pytest.raises(mirror.NotAsSigned):
        follow(store, log, read=lambda tile: (other if tile.level == ENTRIES else log).tile(tile))
    assert have(store).size == 0


@pytest.mark.parametrize("cut_after", range(1, 8))
def test_a_download_that_is_cut_goes_on_from_there(store, cut_after, monkeypatch):
    monkeypatch.setattr(mirror, "BUNDLES_A_WRITE", 1)
    log, count = Tree(entries(1300)), 0

    def read(tile: Tile) -> bytes:
        nonlocal count
        count += 1
        if count > cut_after:
            raise mirror.NotAsSigned("the line is dead")
        return log.tile(tile)

    with pytest.raises(mirror.NotAsSigned):
        follow(store, log, read=read)
    before, asked = have(store).size, list[Tile]()

    def read_on(tile: Tile) -> bytes:
        asked.append(tile)
        return log.tile(tile)

    follow(store, log, read=read_on)
    assert copied(store) == log.entries
    assert all(tile.number >= before // 256 for tile in asked if tile.level == ENTRIES)


@pytest.mark.parametrize("kept", [1, 255, 256, 300])
def test_another_history_is_kept_as_evidence_and_never_copied(store, kept):
    log, fork = Tree(entries(300)), Tree(entries(kept - 1) + entries(500, word="other"))
    follow(store, log)
    with pytest.raises(mirror.AnotherHistory):
        follow(store, fork)
    (piece,) = status.evidence_of(store.reading())
    assert piece["notes"] == [
        signed(log.checkpoint()).render().decode(),
        signed(fork.checkpoint()).render().decode(),
    ]
    assert copied(store) == log.entries


def test_a_fork_that_is_shorter_or_as_long_is_found_with_the_note_of_its_size(store):
    log, fork = Tree(entries(300)), Tree(entries(300, word="other"))
    follow(store, log, 250)
    follow(store, log, 300)
    for size in (250, 300):
        with pytest.raises(mirror.AnotherHistory):
            follow(store, fork, size)
    pairs = [piece["notes"] for piece in status.evidence_of(store.reading())]
    assert [[note.split("\n")[1] for note in pair] for pair in pairs] == [["250", "250"], ["300", "300"]]


def test_an_older_checkpoint_of_the_same_history_is_no_lie_yet(store):
    log = Tree(entries(300))
    follow(store, log)
    with pytest.raises(mirror.Smaller):
        follow(store, log, 200)
    assert status.evidence_of(store.reading()) == []


def test_a_broken_disk_accuses_nobody(store):
    log = Tree(entries(600))
    follow(store, log)
    with store.writing() as sql:
        sql.execute("UPDATE tiles SET data = zeroblob(8192) WHERE level = 0 AND number = 0")
    with pytest.raises(tree.Damaged):
        follow(store, log, 100)
    assert status.evidence_of(store.reading()) == []


def test_a_damaged_copy_is_made_anew_and_a_log_that_uses_the_occasion_is_caught(store):
    log, fork = Tree(entries(600)), Tree(entries(600, word="other"))
    follow(store, log)
    mirror.forget(store, ORIGIN)
    assert have(store).size == 0
    follow(store, log)
    assert (copied(store), status.evidence_of(store.reading())) == (log.entries, [])
    mirror.forget(store, ORIGIN)
    follow(store, fork)
    assert len(status.evidence_of(store.reading())) == 1


MEMBER = SigningKey("n2.example/mirror", SIGNATURE, bytes([5]) * 32)
COSIGNER = SigningKey("n2.example/witness", COSIGNATURE, bytes([6]) * 32)
PATH = "/mirror/x/tile/0/000"


def reads(store: Store, header: str, path: str = PATH, now: int = NOW) -> bool:
    return access.may_read(store, ORIGIN, header, "GET", path, now)


def test_members_are_those_whom_the_log_itself_admitted(store):
    header = members.show(MEMBER, NOW, "GET", PATH)
    assert not reads(store, header)
    log = Tree([*entries(3), admission(COSIGNER.public.vkey, MEMBER.public.vkey, "http://n2.example")])
    follow(store, log)
    assert reads(store, header)
    assert not reads(store, header, path="/mirror/x/tile/0/001")
    assert not reads(store, header, now=NOW + access.SKEW_MS + 1)
    log.add([admission("x", "y", "z"), retirement(COSIGNER.name)])
    follow(store, log)
    assert not reads(store, header)


@pytest.mark.parametrize(
    "header", ["", "Bearer ", "Bearer x", "Ashiato-Node a b c", "Ashiato-Node a 1", "Basic eDp5"]
)
def test_strangers_read_nothing(store, header):
    assert not reads(store, header)
    store.keep_fact(access.TOKEN, "secret")
    assert not reads(store, header)
    assert reads(store, "Bearer secret")

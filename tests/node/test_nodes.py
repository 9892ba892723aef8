"""Real nodes over HTTP: admission, cosigning, copying, gossip, and every kind of accident."""

import os
import random
import resource
import subprocess
import sys
import threading
import urllib.error
from http.client import HTTPException

import pytest
from click.testing import CliRunner

from tests.node.a_log import KEY, ORIGIN, Tree, admission, entries, request, signed
from tests.node.conftest import HASH, until
from webapp.kernel.base.fetch import Unreachable
from webapp.kernel.tlog import notes, words
from webapp.kernel.tlog.notes import VerifyKey
from webapp.kernel.tlog.tiles import Tile
from webapp.node import download, mirror
from webapp.node.commands import node as command
from webapp.node.store import Store

#: `make soak` asks for many.
ROUNDS = int(os.environ.get("SOAK_ROUNDS", "5"))


def is_well(log):
    return log["failure"] == "" and log["behind"] == 0


def token_of(node):
    words = [sys.executable, "-m", "webapp.node", "token", "--store", str(node.folder)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_a_node_asks_to_be_admitted_then_witnesses_copies_and_serves(log, a_node):
    # given a node that nobody admitted
    node = a_node(log, admitted=False)
    waiting = node.wait_for(lambda found: found["failure"] == "node.not_admitted")
    assert (waiting["mirrored"], waiting["log_size"]) == (0, 300)
    status = node.status()
    assert until(lambda: log.requests)[0] == {
        "log": "063622",
        "url": node.url,
        "organisation": "n1.example",
        **{name: status[name] for name in ("vkey", "mirror_vkey")},
    }
    # when an officer says yes
    log.admit(status, node.url)
    log.tree.add([admission(status["vkey"], status["mirror_vkey"], node.url)])
    node.wait_for(lambda found: found["mirrored"] == 301 and is_well(found))
    # then it cosigns
    status_code, line = node.add_checkpoint(request(log.tree, 0))
    key = VerifyKey.parse(status["vkey"])
    assert status_code == 200
    assert key.verify(log.tree.checkpoint().text(), notes.signature_lines(line)[0].blob)
    assert node.add_checkpoint(request(log.tree, 5)) == (409, b"301\n")
    # and shows what it has: the checkpoints to all, entries to members
    assert set(notes.verified(notes.parse(node.get(f"/{HASH}/checkpoint")[1]), [key, KEY.public])) == {
        key,
        KEY.public,
    }
    assert node.get(f"/mirror/{HASH}/checkpoint")[1] == signed(log.tree.checkpoint()).render()
    assert node.get(f"/mirror/{HASH}/tile/entries/000")[0] == 401
    assert node.get(f"/mirror/{HASH}/tile/0/000", token_of(node)) == (200, log.tree.tile(Tile(0, 0)))
    assert node.get(f"/mirror/{HASH}/tile/0/001.p/99", token_of(node))[0] == 404
    assert node.get(f"/{'0' * 64}/checkpoint")[0] == 404


def test_what_is_too_long_is_refused_before_it_is_read(log, a_node):
    node = a_node(log)
    try:
        status, _ = node.add_checkpoint(b"x" * 5_000_000)
    except urllib.error.URLError:
        status = 413  # it hung up while we were still sending
    assert status == 413
    assert node.get("/healthz")[0] == 200


def test_a_fork_that_one_witness_was_shown_is_found_by_the_others(log, a_node):
    # given two nodes, and a log that shows one of them another history before it has a copy
    log.wrong["tile/entries/000"] = 404
    lied_to, other = a_node(log), a_node(log)
    fork = Tree(entries(299) + entries(1, word="other"))
    assert lied_to.add_checkpoint(request(fork, 0))[0] == 200
    # when the nodes compare
    del log.wrong["tile/entries/000"]
    # then both hold the two notes, each signed by the log
    for node in (lied_to, other):
        node.wait_for(lambda found: found["evidence"] == 1)
        (piece,) = node.evidence()
        texts = [notes.parse(note.encode()).text for note in piece["notes"]]
        assert texts == [log.tree.checkpoint().text(), fork.checkpoint().text()]
        assert all(notes.verified(notes.parse(note.encode()), [KEY.public]) for note in piece["notes"])
    assert other.evidence()[0]["shown_by"] == "n1.example/witness"
    assert (
        subprocess.run(
            [sys.executable, "-m", "webapp.node", "status", "--store", other.folder], check=False
        ).returncode
        == 1
    )


def test_two_nodes_never_share_a_folder(log, a_node):
    node = a_node(log)
    words = [*node.words]
    words[words.index("--port") + 1] = "0"
    second = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 1
    assert "別のノード" in second.stderr
    assert node.get("/healthz")[0] == 200


def test_a_node_killed_again_and_again_ends_with_a_whole_copy_and_never_forgets_a_cosignature(log, a_node):
    dice = random.Random(20261121)  # noqa: S311
    node, promised = a_node(log, every=0.02), 0
    for _ in range(ROUNDS):
        # when it is killed in the middle of copying and of cosigning
        log.tree.add(entries(dice.randint(200, 3000), len(log.tree.entries)))
        answers: list[int] = []
        asking = threading.Thread(target=_cosign_on, args=(node, log.tree, promised, answers))
        asking.start()
        threading.Event().wait(dice.uniform(0.02, 0.25))
        node.kill()
        asking.join()
        promised = max([promised, *answers])
        node.start()
        # then it remembers every size whose cosignature it gave away
        status, body = node.add_checkpoint(request(log.tree, 0, 1))
        size = int(body) if status == 409 else 1
        assert size >= promised
        promised = max(size, promised)
    assert promised > 1
    found = node.wait_for(is_well)
    assert (found["mirrored"], found["evidence"]) == (len(log.tree.entries), 0)
    copy = download.open_copy(node.url, KEY.public, token_of(node))
    assert list(copy.entries()) == log.tree.entries


def _cosign_on(node, tree, old, answers):
    for new in range(max(old, 1), len(tree.entries)):
        try:
            status, body = node.add_checkpoint(request(tree, old, new))
        except (OSError, HTTPException):  # cut off in the middle: no promise has reached us
            return
        if status == 200:
            answers.append(new)
            old = new
        elif status == 409:
            old = int(body)


def test_a_full_disk_stops_a_node_and_room_lets_it_go_on(log, a_node):
    node = a_node(log)
    node.wait_for(is_well)
    worker = int(
        subprocess.run(["pgrep", "-P", str(node.process.pid)], capture_output=True, check=True).stdout
    )
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    log.tree.add(entries(20_000, 300))
    stuck = node.wait_for(lambda found: found["failure"] == "node.cannot_write")
    assert stuck["mirrored"] < 20_300
    assert node.add_checkpoint(request(log.tree, 0))[0] in {200, 503}
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert node.wait_for(is_well)["mirrored"] == 20_300


def test_a_copy_is_downloaded_with_the_token_and_each_entry_is_checked(log, a_node):
    node = a_node(log)
    node.wait_for(is_well)
    token, other = token_of(node), Tree(entries(300, word="other"))
    with pytest.raises(Unreachable):
        download.open_copy(node.url, KEY.public, "guessed")
    # given the key as the node pinned it; then all entries come, from anywhere
    assert download.key_at(node.url, ORIGIN) == KEY.public
    copy = download.open_copy(node.url, KEY.public, token)
    assert copy.checkpoint == log.tree.checkpoint()
    assert list(copy.entries()) == log.tree.entries
    assert list(copy.entries(270)) == log.tree.entries[270:]
    # when the node sends something else than what was signed; then nothing of it is handed out
    store = Store(node.folder)
    with store.writing() as sql:
        data = other.tile(Tile(-1, 0))
        sql.execute("UPDATE tiles SET data = ? WHERE level = -1 AND number = 0", (data,))
    store.close()
    with pytest.raises(mirror.NotAsSigned):
        list(download.open_copy(node.url, KEY.public, token).entries())


def test_the_first_start_needs_nothing_but_the_address_of_a_log(log, a_node):
    node = a_node(log)
    assert {path.name for path in node.folder.iterdir()} >= {"witness.key", "mirror.key", "node.db", "lock"}
    assert all(
        (node.folder / f"{name}.key").stat().st_mode & 0o777 == 0o600 for name in ("witness", "mirror")
    )
    assert node.folder.stat().st_mode & 0o777 == 0o700
    status = node.status()
    node.kill()
    # and the second one not even that: it remembers
    node.words = [word for word in node.words if word not in {"--log", log.url, "--name", "n1.example"}]
    node.start()
    assert node.status()["vkey"] == status["vkey"]
    node.wait_for(is_well)


def test_a_folder_without_a_node_is_said_in_words(tmp_path):
    answer = CliRunner().invoke(command, ["status", "--store", str(tmp_path)])
    assert answer.exit_code == 1
    assert "ノードはありません" in answer.output


def test_a_node_says_in_words_what_it_did_and_what_its_people_have_to_do(log, a_node):
    node = a_node(log, admitted=False)
    said = until(lambda: (lambda text: text if "申し込みました" in text else "")(node.said()))
    # then the keys' words stand on its terminal as on the officer's page, with where that page is
    spoken = " ".join(words.of_node(node.status()["vkey"], node.status()["mirror_vkey"]))
    assert "鍵を二つ作りました" in said
    assert f"{log.url} に参加を申し込みました" in said
    assert log.url.replace("/log/063622", "/ledger") in said
    assert said.count(spoken) == 2
    shown = CliRunner().invoke(command, ["status", "--store", str(node.folder)]).output
    assert f"鍵の八つの言葉  {spoken}" in shown
    # when it is admitted and cosigns; then it says so, once
    log.admit(node.status(), node.url)
    node.wait_for(is_well)
    node.add_checkpoint(request(log.tree, 0))
    until(lambda: "はじめて連署しました（300 件まで）" in node.said())
    assert node.said().count("承認されました") == 1

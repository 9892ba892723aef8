"""The phone app as it is served: immutable under its release, whole in the worker's list, and installable."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from webapp.kernel.base import pwa

STATIC = Path(pwa.__file__).resolve().parents[2] / "static"


def build_of(client: FlaskClient) -> str:
    found = re.search(r"/static/pwa/([0-9a-f]{16})/main\.js", client.get("/app/").text)
    assert found
    return found[1]


def listed(client: FlaskClient) -> dict[str, str]:
    text = client.get("/sw.js").text
    release = json.loads(text.split("self.RELEASE = ", 1)[1].split(";\n", 1)[0])
    return {file["url"]: file["sha256"] for file in release["files"]}


def a_tree(folder: Path) -> Path:
    (folder / "pwa").mkdir(parents=True)
    (folder / "pwa" / "main.js").write_text("export {};")
    (folder / "pwa" / "sw.js").write_text("// worker")
    return folder


def test_every_file_the_worker_lists_is_served_as_listed(client: FlaskClient) -> None:
    files = listed(client)
    assert any(url.endswith("/vendor/zxing-wasm/zxing_reader.wasm") for url in files)
    for url, sha256 in files.items():
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert hashlib.sha256(answer.data).hexdigest() == sha256, url


def test_every_address_in_the_app_gives_the_same_page(client: FlaskClient) -> None:
    page = client.get("/app/")
    deep = client.get("/app/job/1234/scan?step=loaded", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert deep.data == page.data
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-cache"


def test_the_page_is_asked_for_again_only_if_it_changed(client: FlaskClient) -> None:
    tag = client.get("/app/").headers["ETag"]
    assert client.get("/app/", headers={"If-None-Match": tag}).status_code == 304


def test_files_of_this_release_may_be_kept_for_ever(client: FlaskClient) -> None:
    answer = client.get(f"/static/pwa/{build_of(client)}/main.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("build", ["0123456789abcdef", "current", "0" * 16])
def test_another_release_is_not_here(client: FlaskClient, build: str) -> None:
    assert client.get(f"/static/pwa/{build}/main.js").status_code == 404


@pytest.mark.parametrize(
    "path", ["../../app.py", "%2e%2e/%2e%2e/app.py", "sw.js", "nothing.js", "/etc/passwd"]
)
def test_nothing_but_the_release_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/pwa/{build_of(client)}/{path}").status_code == 404


def test_the_wasm_has_its_type_and_is_packed(client: FlaskClient) -> None:
    url = f"/static/pwa/{build_of(client)}/vendor/zxing-wasm/zxing_reader.wasm"
    plain = client.get(url)
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    again = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert plain.mimetype == "application/wasm"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) < len(plain.data) / 2
    assert gzip.decompress(packed.data) == plain.data
    assert again.data == packed.data


def test_a_browser_that_takes_no_packing_gets_none(client: FlaskClient) -> None:
    url = f"/static/pwa/{build_of(client)}/main.js"
    answer = client.get(url, headers={"Accept-Encoding": "gzip;q=0, br;q=0"})
    assert "Content-Encoding" not in answer.headers


def test_the_worker_may_control_the_app_and_is_never_stale(client: FlaskClient) -> None:
    answer = client.get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Service-Worker-Allowed"] == "/"


def test_the_manifest_makes_the_app_installable(client: FlaskClient) -> None:
    answer = client.get("/manifest.webmanifest")
    manifest = json.loads(answer.data)
    assert answer.mimetype == "application/manifest+json"
    assert (manifest["start_url"], manifest["display"]) == ("/app/", "standalone")
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert all(client.get(icon["src"]).status_code == 200 for icon in manifest["icons"])


def test_the_app_lives_below_a_slash(client: FlaskClient) -> None:
    assert client.get("/app").headers["Location"] == "/app/"


def test_any_change_is_another_release(tmp_path: Path) -> None:
    static = a_tree(tmp_path / "static")

    def build(shell: str = "shell") -> str:
        return pwa.read_release(static, lambda _build, _asset: shell).build

    seen = [build(), build("another shell")]
    (static / "pwa" / "main.js").write_text("export {}; // changed")
    seen.append(build())
    (static / "pwa" / "sw.js").write_text("// changed")
    seen.append(build())
    (static / "pwa" / "new.js").write_text("")
    seen.append(build())
    assert len(set(seen)) == 5
    assert build() == seen[-1]


def test_styles_that_the_app_does_not_use_are_no_part_of_it(tmp_path: Path) -> None:
    static = a_tree(tmp_path / "static")
    (static / "css").mkdir()
    for name in ("app.css", "board.css"):
        (static / "css" / name).write_text("main {}")
    release = pwa.read_release(static, lambda _build, asset: asset("css/app.css"))
    assert set(release.files) == {"main.js", "css/app.css"}
    assert release.shell.decode() == f"/static/pwa/{release.build}/css/app.css"


def test_a_file_that_changes_on_disk_is_served_as_listed_until_the_next_start(tmp_path: Path) -> None:
    static = a_tree(tmp_path / "static")
    release = pwa.read_release(static, lambda _build, _asset: "shell")
    (static / "pwa" / "main.js").write_text("// half of an upgrade")
    file = release.files["main.js"]
    assert hashlib.sha256(file.data).hexdigest() == file.sha256


def test_a_page_that_names_a_missing_file_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        pwa.read_release(
            a_tree(tmp_path / "static"), lambda build, asset: asset("css/none.css") if build else ""
        )


def test_the_release_is_read_once(app: Flask, client: FlaskClient) -> None:
    client.get("/app/")
    first = app.extensions["pwa"]
    client.get("/sw.js")
    assert app.extensions["pwa"] is first


def test_the_page_where_proofs_are_checked_is_the_same_for_everybody_and_kept_by_the_worker(
    client: FlaskClient,
) -> None:
    page = client.get("/verify", headers={"Accept-Language": "en"})
    assert page.data == client.get("/verify").data
    assert "Set-Cookie" not in page.headers
    assert listed(client)["/verify"] == hashlib.sha256(page.data).hexdigest()
    assert f"/static/pwa/{build_of(client)}/verify-page.js" in page.text
    assert client.get("/VERIFY").headers["Location"] == "/verify"

"""Serves the phone app: every file under the id of its release, a shell page, and the offline worker.

The id of a release is a hash over all its files, so a URL never changes its content and may be cached for
ever (DESIGN §5). Several server processes on one copy of the files come to the same id by themselves.
"""

import hashlib
import json
import mimetypes
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, redirect, request
from flask.typing import ResponseReturnValue

from webapp.kernel.base import packing
from webapp.kernel.base.packing import File

bp = Blueprint("pwa", __name__)

#: Folders of static/ that are the app's whole, and where they appear below /static/pwa/<build>/.
TREES = {"pwa": "", "fonts": "fonts/"}
#: Beside them the app has what the shell names (styles), the sprite and the icons of the manifest.
SPRITE = "icons.svg"
ICONS = {
    f"icons/{stem}-{size}.png": {"sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
    for size in (192, 512)
    for purpose, stem in (("any", "icon"), ("maskable", "maskable"))
}
#: Served by a route of its own, or no part of what runs.
LEFT_OUT = {"sw.js", "jsconfig.json", "types.js"}
TYPES = {
    ".js": "text/javascript",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".json": "application/json",
}
SHELL = "/app/"
#: Pages beside the app, made of its modules, that work offline too: address → template.
PAGES = {"/verify": "pwa/verify.html"}

#: (build, the address of a file of the release) → text of a page.
Render = Callable[[str, Callable[[str], str]], str]
NAME, SHORT_NAME = "足あと スキャン", "足あと"
COLOUR = "#0017c1"


@dataclass(frozen=True, slots=True)
class Release:
    """What the phone runs: `build` names it, `files` maps the path below the build to the file."""

    build: str
    files: Mapping[str, File]
    shell: bytes
    worker: str
    pages: Mapping[str, bytes] = field(default_factory=dict)

    def url(self, path: str) -> str:
        """The address of one of its files. Raises KeyError if it has none of that name."""
        if path not in self.files:
            raise KeyError(path)
        return f"/static/pwa/{self.build}/{path}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _own(static: Path) -> Iterator[tuple[str, Path]]:
    for tree, prefix in TREES.items():
        for source in sorted((static / tree).rglob("*")):
            path = prefix + source.relative_to(static / tree).as_posix()
            if source.is_file() and path not in LEFT_OUT and not source.name.startswith("."):
                yield path, source


def read_release(static: Path, render: Render, pages: Mapping[str, Render] | None = None) -> Release:
    """Read all files and name the release after them; `render(build, asset)` gives the text of the shell.

    `pages` are served beside it, by address. Raises KeyError if a page names a file that is not there.
    """
    named: dict[str, str] = {}
    others = pages or {}
    # the pages are part of the release they name
    plain = [each("", lambda path: named.setdefault(path, path)) for each in (render, *others.values())]
    own = dict(_own(static))
    shared = {path: static / path for path in (*named, *ICONS, SPRITE) if path not in own}
    found = {path: source.read_bytes() for path, source in (own | shared).items() if source.is_file()}
    files = {path: packing.file_of(data) for path, data in found.items()}
    worker = (static / "pwa" / "sw.js").read_text(encoding="utf-8")
    parts = [f"{path} {file.sha256}" for path, file in sorted(files.items())]
    parts += [_sha256(text.encode()) for text in (*plain, worker)]
    build = _sha256("\n".join(parts).encode())[:16]
    bare = Release(build, files, b"", worker)
    made = {address: each(build, bare.url).encode() for address, each in others.items()}
    return replace(bare, shell=render(build, bare.url).encode(), pages=made)


def release(app: Flask) -> Release:
    """The release this process serves: read once, and at each start of the app again while debugging."""
    known: Release | None = app.extensions.get("pwa")
    if known is None or (app.debug and request.path in (SHELL, "/sw.js", *PAGES)):
        pages = {address: _page_of(app, template) for address, template in PAGES.items()}
        shell = _page_of(app, "pwa/shell.html")
        known = app.extensions["pwa"] = read_release(Path(str(app.static_folder)), shell, pages)
    return known


def _page_of(app: Flask, template: str) -> Render:
    def render(build: str, asset: Callable[[str], str]) -> str:
        # outside of anybody's request: the same bytes for everybody, whatever their language or login
        with app.test_request_context(SHELL):
            return app.jinja_env.get_template(template).render(build=build, asset=asset)

    return render


@bp.get("/app")
def app_without_slash() -> ResponseReturnValue:
    """The app lives below /app/."""
    return redirect(SHELL, 308)


@bp.get(SHELL)
@bp.get("/app/<path:_screen>")
def shell(_screen: str = "") -> ResponseReturnValue:
    """The page that every screen of the app starts from; which one is the app's own business."""
    return _html(release(current_app).shell)


@bp.get("/verify")
def verify() -> ResponseReturnValue:
    """Where anybody checks a proof; its address on paper may be in capitals, as QR codes like it."""
    return _html(release(current_app).pages["/verify"])


@bp.get("/VERIFY")
def verify_in_capitals() -> ResponseReturnValue:
    """As a QR code says it."""
    return redirect("/verify")


def _html(text: bytes) -> ResponseReturnValue:
    response = Response(text, mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(_sha256(text)[:32])
    return response.make_conditional(request)


@bp.get("/sw.js")
def service_worker() -> ResponseReturnValue:
    """The worker, behind the list of what it must hold: another list is another worker."""
    page = release(current_app)
    files = [{"url": page.url(path), "sha256": file.sha256} for path, file in sorted(page.files.items())]
    files += [
        {"url": url, "sha256": _sha256(text)} for url, text in {SHELL: page.shell, **page.pages}.items()
    ]
    head = json.dumps({"build": page.build, "files": files}, separators=(",", ":"))
    response = Response(f"self.RELEASE = {head};\n{page.worker}", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = "/"
    return response


@bp.get("/manifest.webmanifest")
def manifest() -> ResponseReturnValue:
    """What a phone needs to install the app."""
    page = release(current_app)
    body = {
        "id": SHELL,
        "name": NAME,
        "short_name": SHORT_NAME,
        "lang": "ja",
        "start_url": SHELL,
        "scope": "/",
        "display": "standalone",
        "theme_color": COLOUR,
        "background_color": "#ffffff",
        "icons": list(_icons(page)),
    }
    response = Response(json.dumps(body, ensure_ascii=False), mimetype="application/manifest+json")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _icons(page: Release) -> Iterator[dict[str, str]]:
    return ({"src": page.url(path), **icon} for path, icon in ICONS.items() if path in page.files)


@bp.get("/static/pwa/<build>/<path:path>")
def asset(build: str, path: str) -> ResponseReturnValue:
    """One file of the release served now; 404 for another release, which phones have in their own cache."""
    page = release(current_app)
    file = page.files.get(path)
    if build != page.build or file is None:
        abort(404)
    return packing.answer(file, path, _type(path))


def _type(path: str) -> str:
    return TYPES.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"

"""`python -m bench.decode FOLDER`: recall and time of our phone's and our server's decoders beside single libraries."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
from playwright.sync_api import Page

from bench import decode_browser, decode_film, machine, report
from bench.decode_peers import PEERS, timed
from bench.decode_set import Photo, Tally, photos, sized
from bench.progress import Progress
from bench.report import Figure, Part, median, percentile

FRAMES = 6  # of one still scene: a fifth of a second of a camera, half a second of a slow phone
LABELS = 20
BASE = "https://ashiato.example"
LIVE, FIRST, SURE = "our phone, live", "our phone, its first frame alone", "our phone, live, seen twice"
PHOTO, PLAIN = "our phone, photo", "zxing-wasm alone"
TARGETS = {
    (LIVE, "camera"): 78,
    (LIVE, "1920"): 78,
    (PHOTO, "native"): 80,
    ("our server's chain", "native"): 82,
}
BUDGET_MS = 60


def run(folder: Path, progress: Progress, *, frames: int = FRAMES, every: int = 1) -> list[Part]:
    """All figures for the photos in `folder`; `every` 4 takes each fourth. Raises ValueError without pictures."""
    found = photos(folder)[::every]
    rows = [*in_browser(found, frames, progress), *on_server(found, progress)]
    return [_recall(rows, found, frames), _times(rows), *sound_and_bytes(progress)]


def sound_and_bytes(progress: Progress, labels: int = LABELS) -> list[Part]:
    """What needs no photos: from the label in the video to the sound, and what scanning loads."""
    with tempfile.TemporaryDirectory(prefix="ashiato-bench-") as place:
        film = Path(place) / "labels.y4m"
        decode_film.write(film, labels, BASE)
        progress.begin("label to sound", 1)
        with decode_browser.opened([], film) as page:
            seen = decode_browser.ask(page, "toTheSound", {"labels": labels, "prefixes": [BASE]})
        progress.step(1)
        progress.end()
    return [_sound(seen["waits"]), _bytes()]


def in_browser(found: Sequence[Photo], frames: int, progress: Progress) -> list[Tally]:
    """Every photo: ours and the peer one after the other, so that a busy neighbour hits both."""
    rows = {(name, size): Tally(name, size) for name, size in _browser_rows()}
    progress.begin("decoding in Chromium", len(found))
    with decode_browser.opened(found) as page:
        for number, photo in enumerate(found):
            for size in ("camera", "1920"):
                _still_scene(page, rows, photo, number, size, frames)
            for size in ("1280", "1920", "camera"):
                _add(rows[PLAIN, size], photo, decode_browser.ask(page, "zxing", str(number), size, 2), size)
            size = "4096"  # what the app makes of a photo before it reads it
            _add(rows[PHOTO, "native"], photo, decode_browser.ask(page, "photo", str(number), size), size)
            progress.step(1)
    progress.end()
    return list(rows.values())


def _browser_rows() -> list[tuple[str, str]]:
    ours = [(name, size) for size in ("camera", "1920") for name in (LIVE, SURE, FIRST)]
    return [*ours, (PHOTO, "native"), (PLAIN, "1280"), (PLAIN, "1920"), (PLAIN, "camera")]


def _still_scene(
    page: Page, rows: dict[tuple[str, str], Tally], photo: Photo, number: int, size: str, frames: int
) -> None:
    seen = decode_browser.ask(page, "live", str(number), size, frames)
    scale = sized(photo, size)[1]
    for name, reads in ((LIVE, seen["read"]), (SURE, seen["confirmed"]), (FIRST, seen["first"])):
        rows[name, size].add(photo, decode_browser.reads(reads), scale)
    rows[LIVE, size].ms.extend(seen["ms"])
    rows[FIRST, size].ms.append(seen["ms"][0])


def _add(row: Tally, photo: Photo, seen: dict[str, Any], size: str) -> None:
    row.add(photo, decode_browser.reads(seen["read"]), sized(photo, size)[1])
    row.ms.append(seen["ms"][-1])


def on_server(found: Sequence[Photo], progress: Progress) -> list[Tally]:
    cv2.setNumThreads(1)
    rows = [(Tally(name, size), decode) for name, size, decode in PEERS]
    progress.begin("decoding on the server", len(found))
    for photo in found:
        for row, decode in rows:
            grey, scale = sized(photo, row.size)
            reads, ms = timed(decode, grey)
            row.add(photo, reads, scale)
            row.ms.append(ms)
        progress.step(1)
    progress.end()
    return [row for row, _ in rows]


def _recall(rows: Sequence[Tally], found: Sequence[Photo], frames: int) -> Part:
    known = sum(1 for photo in found if photo.marked is not None)
    figures = []
    for row in rows:
        target = TARGETS.get((row.name, row.size))
        met = None if target is None else row.recall >= target
        figures.append(
            Figure(f"{row.name}, {row.size}", row.recall, "%", f"≥ {target} %" if target else "", met)
        )
    texts = [row.wrong for row in rows if row.name.startswith("our")]
    figures.append(Figure("wrong texts of ours, where texts are known", sum(texts), "", "0", not any(texts)))
    notes = [
        (
            f"{len(found)} photos, contents of {known} known, {rows[0].marked} codes marked. The same grey pixels for "
            "everybody, unturned (EXIF ignored). A hit: the right text where texts are known, and the middle of the "
            "symbol inside the marked corners."
        ),
        (
            f"Live: one photo is a still scene of {frames} frames through worker, looks and fusion, as camera frames "
            "(I420). “camera” is 1920×1080 at most, lying or upright; 1280 and 1920 the long side; native as taken "
            "(the phone's photo mode: 4096 at most). “Seen twice” is what counts for strangers' codes; of our own "
            "labels one sight is enough."
        ),
        "zxing-wasm alone: one pass, its defaults, QR only, in a worker of its own. Libraries: one thread.",
    ]
    return Part("decode", "Recall", figures, notes)


def _times(rows: Sequence[Tally]) -> Part:
    plain = {row.size: median(row.ms or [0.0]) for row in rows if row.name == PLAIN}
    figures = []
    for row in rows:
        if not row.ms:
            continue
        middle, most = median(row.ms), row.name == LIVE and row.size == "camera"
        figures.append(
            Figure(
                f"{row.name}, {row.size}: median",
                middle,
                "ms",
                f"≤ {BUDGET_MS} ms" if most else "",
                middle <= BUDGET_MS if most else None,
            )
        )
        if row.name == LIVE:
            figures.append(Figure(f"{row.name}, {row.size}: p95", percentile(row.ms, 0.95), "ms"))
            figures.append(
                Figure("… median to that of zxing-wasm alone", middle / max(plain[row.size], 0.01))
            )
    return Part(
        "decode-times", "Time to decode, a frame or photo", figures, ["Wall clock of the worker or process."]
    )


def _sound(waits: Sequence[float]) -> Part:
    figures = [
        Figure("label in the video → sound, p50", median(waits), "ms"),
        Figure("label in the video → sound, p95", percentile(waits, 0.95), "ms"),
        Figure("labels", len(waits)),
    ]
    note = (
        "A film for the fake camera (1280×720, 20 frames a second): labels of ours, one after another, in a hand "
        "that trembles. From the time at which the first frame with the label was shown to the call that starts "
        "the oscillator; between them: decoding, the rules of fusion, one strict commit to disk. The loudspeaker's "
        "own delay comes on top."
    )
    return Part("decode-sound", "From the label to the sound", figures, [note])


def _bytes() -> Part:
    load = decode_browser.first_load()
    figures = [
        Figure("files", load["files"]),
        Figure("raw", load["raw"] / 1000, "kB"),
        Figure("gzip -9", load["gzip"] / 1000, "kB"),
        Figure("brotli 11", load["brotli"] / 1000, "kB"),
    ]
    note = (
        "scanner.js and photo.js with all that they import, the worker, zxing-wasm; each file packed alone."
    )
    return Part("decode-bytes", "First load of the scanner", figures, [note])


def main(words: Sequence[str] | None = None) -> int:
    """Measure and write it down; always 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.decode", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="photos; without one, only what needs none")
    parser.add_argument("--frames", type=int, default=FRAMES, help="of one still scene")
    parser.add_argument(
        "--every", type=int, default=1, help="4 takes each fourth photo; nothing is written then"
    )
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="ashiato-bench-") as place:
        here = machine.facts(Path(place))
    progress = Progress()
    if asked.folder is None:
        found = sound_and_bytes(progress)
    else:
        found = run(asked.folder, progress, frames=asked.frames, every=asked.every)
    sys.stdout.write(report.as_markdown(found, here))
    if asked.every == 1:
        report.write(found, here)
    return 0


if __name__ == "__main__":
    sys.exit(main())

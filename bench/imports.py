"""A list of 10,000 rows through the screens: upload, preview, commit."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from bench import clients, site, town
from bench.progress import Progress
from bench.report import Figure, Part, median
from webapp.kernel.base.tabular import write_csv

ROWS, ROUNDS = 10_000, 3
HEAD = (
    "管理番号", "種別", "メーカー", "品名", "型番", "製造番号", "記憶装置", "記憶装置メーカー", "記憶装置型番",
    "記憶装置製造番号", "容量", "機密性", "設置場所", "リース", "備考",
)  # fmt: skip
BOUNDARY = "----ashiato-bench"


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Time each of the three requests; every round is a consignment of its own."""
    rows, rounds = (200, 1) if quick else (ROWS, ROUNDS)
    with site.application(folder) as app:
        made = town.settle(app, 1)
        jobs = []
        for number in range(rounds + 1):
            town.open_consignment(made, f"import {number}")
            jobs.append(made.job)
    login = made.crews[0].logins["officer"]
    with site.served(folder, workers=1 if quick else 2) as server, Desk(server.port, login) as desk:
        progress.begin(f"import: lists of {rows:,} rows", rounds + 1)
        desk.import_list(jobs[0], asset_list(20, 0))  # the first request of a process compiles templates
        progress.step(1)
        times = []
        for number in range(rounds):
            times.append(desk.import_list(jobs[number + 1], asset_list(rows, number)))
            progress.step(1)
        progress.end()
    return [_part(times, rows, len(asset_list(rows, 0)))]


def asset_list(rows: int, number: int) -> bytes:
    """A list as a town's Excel writes it: CP932, a title row, 15 columns, no faults."""
    return write_csv(_lines(rows, number), "cp932")


def _lines(rows: int, number: int) -> Iterator[Sequence[object]]:
    yield ("処分予定端末一覧",)
    yield HEAD
    for n in range(rows):
        key = f"{number}{n:06}"
        yield (
            f"MGM-{key}", "ノートPC", "NEC", "VersaPro VK23TX-U", "PC-VK23TXZDU", f"8XESH{key}P", "SSD", "Micron",
            "MTFDDAK256TBN", f"G7B03A{key}", 256_060_514_304, 3, "総務課", "リース" if n % 3 else "", "",
        )  # fmt: skip


class Desk:
    """A browser at an officer's desk, as far as an import needs one."""

    def __init__(self, port: int, login: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self._cookie = clients.log_in(port, login, town.PASSWORD)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def import_list(self, job: str, data: bytes) -> tuple[float, float, float]:
        """Seconds for reading the file, for the preview page, and for the commit."""
        address = f"/consignments/{job}/import"
        form = hidden(self._ask("GET", address)[1])
        body, kind = _multipart(form, data), f"multipart/form-data; boundary={BOUNDARY}"
        read, (preview, _) = self._timed("POST", address, body, kind)
        shown, (_, page) = self._timed("GET", preview)
        sent = urlencode(hidden(page)).encode()
        committed, (board, _) = self._timed("POST", preview, sent, "application/x-www-form-urlencoded")
        listed = re.sub(r"<[^>]+>|,", "", self._ask("GET", board)[1].decode())
        rows = data.count(b"\r\n") - 2
        if str(rows) not in listed:
            raise RuntimeError("the list did not arrive on the board")
        return read, shown, committed

    def _timed(
        self, method: str, path: str, body: bytes = b"", kind: str = ""
    ) -> tuple[float, tuple[str, bytes]]:
        started = time.perf_counter()
        answer = self._ask(method, path, body, kind)
        return time.perf_counter() - started, answer

    def _ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[str, bytes]:
        headers = {"Cookie": self._cookie} | ({"Content-Type": kind} if kind else {})
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        page = answer.read()
        if answer.status not in {200, 303}:
            raise RuntimeError(f"{method} {path}: {answer.status}")
        cookie = answer.headers.get("Set-Cookie")
        self._cookie = cookie.partition(";")[0] if cookie else self._cookie
        return answer.headers.get("Location", path), page


def hidden(page: bytes) -> dict[str, str]:
    """The hidden fields of a page's forms; of two with one name the last."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.decode())
    return dict(found)


def _multipart(fields: Mapping[str, str], data: bytes) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\n'
    parts.append(f"{head}Content-Type: text/csv\r\n\r\n")
    return "".join(parts).encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def _part(times: Sequence[tuple[float, float, float]], rows: int, size: int) -> Part:
    total = median([sum(one) for one in times])
    figures = [
        Figure("upload, read, judge every row", median([one[0] for one in times]), "s"),
        Figure("preview page", median([one[1] for one in times]), "s"),
        Figure("commit", median([one[2] for one in times]), "s"),
        Figure("altogether", total, "s", "< 10 s", met=total < 10),
        Figure("rows a second", rows / total, "/s"),
    ]
    every = ", ".join(f"{sum(one):.1f}" for one in times)
    notes = [f"{rows:,} rows of 15 columns, CP932, {size / 1e6:.1f} MB; all rounds: {every} s."]
    return Part("imports", f"Import of {rows:,} rows", figures, notes)

"""Relief supplies: the public list read and written at once, cycles beside bare inserts, scans at the source's load."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
from sqlalchemy import JSON, inspect, select, text

from bench import clients, relief, site
from bench.pages import statements_of
from bench.progress import Progress
from bench.relief import Relief
from bench.report import Figure, Part, percentile
from bench.town import LOG, PASSWORD
from tests.postgres import cluster
from webapp.kernel.base.clock import DAY, now_ms
from webapp.kernel.base.db import Base, db
from webapp.kernel.base.ids import derived_id
from webapp.supplies import entries as kinds
from webapp.supplies.models import Parcel

#: Needs of the small and of the large list, shelters, requests of a reader, cycles, scans.
FULL, QUICK = (100, 5_000, 200, 20, 200, 2_000), (25, 50, 2, 2, 3, 20)
READERS, WRITERS = 50, 10
WARM, IN_A_SHIPMENT = 5, 10
#: What the source asks for (writes a second elsewhere), and how often we want to hold it.
SOURCE_WRITES, BATCHED, SINGLE = 10, 100, 20


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Fill a small and a large list; read while others write; run cycles and scans on the large one."""
    few, many, shelters, requests, cycles, scans = QUICK if quick else FULL
    (folder / "few").mkdir()
    with site.application(folder / "few") as app:
        made = _filled(app, few, shelters, progress)
        small = statements_of(app, f"/relief/{LOG}", "")
    (folder / "many").mkdir()
    with site.application(folder / "many") as app:
        made = _filled(app, many, shelters, progress)
        large = statements_of(app, f"/relief/{LOG}", "")
        (folder / "bare").mkdir()
        cycle = _cycles(made, "SQLite", cycles, progress, site.application(folder / "bare"))
        waiting = _on_the_way(made, 3 * scans, progress)
        writes = [
            made.act("officer", kinds.NEED_CONFIRMED, {"needs": [need]})
            for need in made.needs[: WRITERS * requests]
        ]
    with site.served(folder / "many", workers=1 if quick else 2) as server:
        cookie = clients.log_in(server.port, "officer", PASSWORD)
        load = _crowd(server, cookie, writes, requests)
        batched, single = _scans(server, cookie, made, waiting, scans)
    cycle += _on_postgres(folder / "durable", few, shelters, cycles, progress, durable=True)
    if not quick:
        cycle += _on_postgres(folder / "unsynced", few, shelters, cycles, progress, durable=False)
    return [_list(few, many, small, large, load), _cycle_part(cycle, cycles), _source(batched, single, scans)]


def _filled(app: Any, needs: int, shelters: int, progress: Progress) -> Relief:
    made = relief.settle(app, shelters)
    progress.begin(f"supplies: {needs:,} needs", needs)
    relief.register(made, needs, progress.step)
    progress.end()
    return made


def _on_postgres(
    folder: Path, needs: int, shelters: int, cycles: int, progress: Progress, *, durable: bool
) -> list[Figure]:
    """`durable`: with PostgreSQL's own settings, as a town runs it; else as tests do, without syncing anything."""
    for name in ("postgres", "postgres_bare"):
        (folder / name).mkdir(parents=True)
    with (
        cluster(durable=durable) as server,
        server.database(template="template1") as url,
        server.database(template="template1") as other,
        site.application(folder / "postgres", url) as app,
    ):
        made, empty = (
            _filled(app, needs + cycles + WARM, shelters, progress),
            site.application(folder / "postgres_bare", other),
        )
        name = "PostgreSQL" if durable else "PostgreSQL without syncing"
        return _cycles(made, name, cycles, progress, empty, judged=durable)


def _crowd(
    server: Any, cookie: str, writes: Sequence[Any], requests: int
) -> tuple[clients.Load, clients.Load]:
    """Fifty people read pages of the list while ten confirm needs, one after the other each."""
    reading = [
        [("", b"", f"/relief/{LOG}?page={1 + (reader + n) % 20}") for n in range(requests)]
        for reader in range(READERS)
    ]
    lanes = [[(cookie, _batch([act])) for act in writes[writer::WRITERS]] for writer in range(WRITERS)]
    readers, writers = clients.together(server, (reading, lanes))
    return readers, writers


def _batch(items: Sequence[Any]) -> bytes:
    return orjson.dumps({"items": list(items)})


def _cycle(made: Relief, need: Any, best_before: int) -> float:
    """Pledge, request, ship, receive: four acts of three people, each in its own transaction; seconds at the door."""
    seconds = 0.0

    def say(who: str, kind: str, body: Mapping[str, Any], **fields: Any) -> str:
        nonlocal seconds
        act = made.act(who, kind, body, **fields)
        started = perf_counter()
        said = made.door(who, [act])[0].id
        seconds += perf_counter() - started
        return said

    goods = {"disaster": made.disaster, "item": need.item, "variant": need.variant, "quantity": 10}
    offer = say(
        "sender", kinds.OFFERED, {**goods, "need": need.id, "best_before": best_before, "allergens": []}
    )
    match = derived_id(offer, "match")
    body = {"match": match, "offer": offer, "shelter": need.shelter, "need": need.id, "quantity": 10}
    say("officer", kinds.REQUESTED, body)
    say("sender", kinds.SHIPPED, {"match": match, "quantity": 10, "eta": now_ms() + DAY})
    code = db.session.scalar(select(Parcel.code).where(Parcel.match == match))
    told = {"step": "counted", "code": code, "place": need.shelter, "job": made.disaster}
    say("officer", kinds.SCAN, {"as_listed": True}, **told)
    return seconds


def _cycles(
    made: Relief, name: str, cycles: int, progress: Progress, empty: Any, *, judged: bool = True
) -> list[Figure]:
    """Whole cycles, and after them the same rows put into the database of the `empty` application, without rules."""
    query = text("SELECT id, item, variant, shelter FROM supplies_needs ORDER BY idx, id")
    needs = db.session.execute(query).all()
    for need in needs[:WARM]:
        _cycle(made, need, 20_300_101)
    before = _sizes()
    progress.begin(f"supplies: cycles on {name}", cycles)
    took: list[float] = []
    for need in needs[WARM : WARM + cycles]:
        took.append(_cycle(made, need, 20_300_101))
        db.session.remove()
        progress.step(1)
    progress.end()
    grown = {table: size - before[table] for table, size in _sizes().items() if size > before[table]}
    rows, ours = _rows(grown), len(took) / sum(took)
    with empty:
        same, heaps = (_bare(rows, cycles, keyed=keyed) for keyed in (True, False))
    return [
        Figure(f"{name}: complete cycles a second", ours, "/s"),
        Figure(f"{name}: rows a cycle", sum(grown.values()) / cycles),
        Figure(f"{name}: bare inserts of the same rows into the same tables, cycles a second", same, "/s"),
        Figure(f"{name}: ratio", ours / same, "", "≥ 0.1", met=ours / same >= 0.1) if judged
        else Figure(f"{name}: ratio", ours / same),
        Figure(f"{name}: bare inserts into heaps of text, no key, no index, cycles a second", heaps, "/s"),
        Figure(f"{name}: ratio to these", ours / heaps),
        Figure(f"{name}: a cycle, p95", percentile(took, 0.95) * 1_000, "ms"),
    ]  # fmt: skip


def _cycle_part(figures: Sequence[Figure], cycles: int) -> Part:
    how = (
        f"{cycles} cycles of pledge, request, ship and count, four transactions each, through the door in one process; "
        "bare: the very rows, in four transactions a cycle, with the driver itself, into the same tables of an empty "
        "database, which has their keys and indexes; beside it, into tables that have neither, every column a text."
    )
    both = (
        "A commit is on the disk, with us as with the ceiling: what a receipt promises. PostgreSQL has the settings "
        "that it comes with; beside it, without a target, as tests run it, where a commit is in memory only."
    )
    return Part("supplies", "From a pledge to a receipt", figures, [how, both])


def _sizes() -> dict[str, int]:
    names = inspect(db.engine).get_table_names()
    counts = {name: int(db.session.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0) for name in names}  # noqa: S608
    db.session.remove()
    return counts


def _rows(grown: Mapping[str, int]) -> dict[str, tuple[str, list[list[Any]]]]:
    """By table: its columns, and as many of its rows as it has grown by, as a driver takes them again."""
    line: Any = db.engine.raw_connection()
    cursor, found = line.cursor(), dict[str, tuple[str, list[list[Any]]]]()
    for table, count in grown.items():
        columns = Base.metadata.tables[table].columns
        told = (f'"{it.name}"::text' if _is_json_of(it) else f'"{it.name}"' for it in columns)
        cursor.execute(f'SELECT {", ".join(told)} FROM "{table}" LIMIT {count}')  # noqa: S608
        names = ", ".join(f'"{it.name}"' for it in columns)
        found[table] = names, [list(row) for row in cursor.fetchall()]
    line.close()
    return found


def _is_json_of(column: Any) -> bool:
    return db.engine.dialect.name == "postgresql" and isinstance(column.type, JSON)


def _bare(rows: Mapping[str, tuple[str, list[list[Any]]]], cycles: int, *, keyed: bool) -> float:
    """Cycles a second of the driver alone, four transactions each: into the same tables of an empty database, or into
    heaps of text without a key. No trigger and no foreign key in either.
    """
    line: Any = db.engine.raw_connection()
    sqlite = db.engine.dialect.name == "sqlite"
    cursor, mark, statements = line.cursor(), "?" if sqlite else "%s", list[tuple[str, list[Any]]]()
    cursor.execute("PRAGMA foreign_keys = OFF" if sqlite else "SET session_replication_role = replica")
    for table, (names, held) in rows.items():
        marks, into = ", ".join([mark] * len(held[0])), f'"{table}" ({names})'
        if not keyed:
            heap = ", ".join(f"c{n} TEXT" for n in range(len(held[0])))
            cursor.execute(f'CREATE TABLE "bare_{table}" ({heap})')
            held, into = (
                [[None if it is None else _plain(it) for it in row] for row in held],
                f'"bare_{table}"',
            )
        statements += [(f"INSERT INTO {into} VALUES ({marks})", row) for row in held]  # noqa: S608
    line.commit()
    size = max(1, len(statements) // (4 * cycles))
    started = perf_counter()
    for start in range(0, len(statements), size):
        if sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        for statement, row in statements[start : start + size]:
            cursor.execute(statement, row)
        line.commit()
    took = perf_counter() - started
    line.close()
    return cycles / took


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes | memoryview) else str(value)


def _on_the_way(made: Relief, parcels: int, progress: Progress) -> list[tuple[str, str]]:
    """(code, shelter) of so many boxes that have left, ten a shipment."""
    found: list[tuple[str, str]] = []
    progress.begin("supplies: boxes on their way", parcels)
    while len(found) < parcels:
        count = min(IN_A_SHIPMENT, parcels - len(found))
        shelter = made.shelters[len(found) // IN_A_SHIPMENT % len(made.shelters)]
        goods = {"disaster": made.disaster, "item": "B01", "quantity": count}
        offer = made.say("sender", kinds.OFFERED, goods)
        match = made.say(
            "officer", kinds.REQUESTED, {"match": "", "offer": offer, "shelter": shelter, "quantity": count}
        )
        made.say("sender", kinds.PACKED, {"match": match, "parcels": [{"quantity": 1}] * count})
        made.say("sender", kinds.SHIPPED, {"match": match, "quantity": count, "eta": now_ms() + DAY})
        codes = db.session.scalars(select(Parcel.code).where(Parcel.match == match, Parcel.void_at.is_(None)))
        found += [(code, shelter) for code in codes]
        db.session.remove()
        progress.step(count)
    progress.end()
    return found


def _scans(
    server: Any, cookie: str, made: Relief, waiting: Sequence[tuple[str, str]], scans: int
) -> tuple[clients.Load, clients.Load]:
    """Arrivals in batches of a hundred by four phones, then one at a time by twenty."""
    told = [
        made.act("officer", kinds.SCAN, {}, step="arrived", code=code, place=shelter, job=made.disaster)
        for code, shelter in waiting
    ]
    batches = [told[start : start + 100] for start in range(0, 2 * scans, 100)]
    lanes = [[(cookie, _batch(batch)) for batch in batches[lane::4]] for lane in range(4)]
    batched = clients.send(server, [lane for lane in lanes if lane])
    rest = told[2 * scans :]
    lanes = [[(cookie, _batch([act])) for act in rest[phone::20]] for phone in range(20)]
    return batched, clients.send(server, [lane for lane in lanes if lane])


def _list(few: int, many: int, small: int, large: int, load: tuple[clients.Load, clients.Load]) -> Part:
    reading, writing = load
    wrong = sum(status != 200 for status, _ in (*reading.answers, *writing.answers))
    figures = [
        Figure(f"statements, {few} needs", small),
        Figure(f"statements, {many:,} needs", large, "", "the same", met=small == large),
        Figure(f"{READERS} readers, p50", percentile(reading.seconds, 0.5) * 1_000, "ms"),
        Figure(f"{READERS} readers, p95", percentile(reading.seconds, 0.95) * 1_000, "ms"),
        Figure("pages a second", len(reading.seconds) / reading.wall, "/s"),
        Figure(f"{WRITERS} writers, p95", percentile(writing.seconds, 0.95) * 1_000, "ms"),
        Figure("CPU of the server a page or write", reading.cpu / (len(reading.seconds) + len(writing.seconds)) * 1e6,
               "µs"),
        Figure("answers that were not 200", wrong, "", "0", met=wrong == 0),
    ]  # fmt: skip
    how = "Everybody asks for the next page as soon as the last is there; clients run on the same cores as the server."
    return Part("supplies", f"The public list of {many:,} needs, read and written at once", figures, [how])


def _source(batched: clients.Load, single: clients.Load, scans: int) -> Part:
    rate, each = 2 * scans / batched.wall, len(single.seconds) / single.wall
    wanted, one_by_one = SOURCE_WRITES * BATCHED, SOURCE_WRITES * SINGLE
    figures = [
        Figure("arrivals a second, batches of 100", rate, "/s", f"≥ {wanted}", met=rate >= wanted),
        Figure("arrivals a second, one a request", each, "/s", f"≥ {one_by_one}", met=each >= one_by_one),
        Figure("one a request: p95", percentile(single.seconds, 0.95) * 1_000, "ms"),
    ]
    how = f"The source asks for {SOURCE_WRITES} writes a second: {BATCHED} times in batches, {SINGLE} times singly."
    return Part("supplies", "Boxes scanned at many shelters", figures, [how])

"""The facts without which a figure says nothing. No host name, no path."""

import os
import platform
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when a run was made. `busy` is the load of the minute before it, in runnable processes."""

    at: str
    cores: int
    cpu: str
    memory_gib: float
    system: str
    python: str
    sqlite: str
    busy: float
    commit_us: int
    nice: int

    def words(self) -> str:
        """One line for people."""
        return (
            f"{self.cores} cores ({self.cpu}), {self.memory_gib:.0f} GiB, {self.system}, Python {self.python}, "
            f"SQLite {self.sqlite}; a synced 4 KiB write takes {self.commit_us} µs here; load before the run "
            f"{self.busy:.1f}{_rank(self.nice)}."
        )


def facts(folder: Path) -> Machine:
    """Look at this machine; `folder` is where the databases will lie."""
    return Machine(
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        cores=len(os.sched_getaffinity(0)),
        cpu=_cpu(),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        busy=os.getloadavg()[0],
        commit_us=_synced_write(folder / "sync.bin"),
        nice=os.nice(0),
    )


def _rank(nice: int) -> str:
    return f"; run at nice {nice}, before its neighbours" if nice < 0 else ""


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _synced_write(path: Path, times: int = 200) -> int:
    """Microseconds that a 4 KiB write takes until the disk says it is there."""
    block, started = bytes(4096), time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(block)
            os.fdatasync(file.fileno())
    path.unlink()
    return round((time.perf_counter() - started) / times * 1e6)

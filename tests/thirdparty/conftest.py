"""The judges, made ready once a session."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.thirdparty.judges import Go, Witness, aics_witness, rust_witness
from tests.thirdparty.nodes import our_witness

GOCODE = "/usr/share/gocode"  # where Debian puts the sources of golang-golang-x-mod-dev
SOURCE = Path(__file__).parent / "goverify"


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Go:
    """The verifier over golang.org/x/mod/sumdb, compiled."""
    if not shutil.which("go") or not Path(GOCODE, "src/golang.org/x/mod/sumdb").is_dir():
        pytest.skip("Go or x/mod is missing (Debian: golang-go golang-golang-x-mod-dev)")
    binary = tmp_path_factory.mktemp("go") / "goverify"
    # a GOPATH build: nothing is downloaded, and what is compiled against is what Debian ships
    env = {"GO111MODULE": "off", "GOPATH": GOCODE, "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    assert pytestconfig.cache is not None
    env["GOCACHE"] = str(pytestconfig.cache.mkdir("go-build"))
    subprocess.run(["go", "build", "-o", str(binary), "."], cwd=SOURCE, env=os.environ | env, check=True)
    return Go(binary)


WITNESSES = {"witness-log": rust_witness, "aics-witness": aics_witness, "ours": our_witness}


@pytest.fixture(params=WITNESSES)
def witness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Witness]:
    """A witness as a process of its own with an empty memory, which knows our log's key: two of others, and ours."""
    with WITNESSES[request.param](tmp_path / "witness") as running:
        yield running

"""`python -m tests.chain.contract_file` compiles the contract into the file that the product reads."""

import json
from pathlib import Path
from typing import Any

from vyper.compiler import compile_code
from web3 import Web3

from webapp.kernel.base.settings import ROOT

SOURCE = ROOT / "webapp" / "chain" / "contract.vy"
COMPILED = ROOT / "webapp" / "chain" / "contract.json"
COMPILER = "vyper 0.4.3"


def compiled() -> dict[str, Any]:
    """What stands in `contract.json`: the interface, the code to deploy, the hash of the code that then runs."""
    made = compile_code(
        SOURCE.read_text("utf-8"),
        contract_path=Path("contract.vy"),
        output_formats=["abi", "bytecode", "bytecode_runtime"],
    )
    runtime = bytes.fromhex(made["bytecode_runtime"].removeprefix("0x"))
    return {
        "compiler": COMPILER,
        "codeHash": "0x" + Web3.keccak(runtime).hex(),
        "bytecode": made["bytecode"],
        "abi": made["abi"],
    }


def text() -> str:
    """The file, one function of the interface a line."""
    found = compiled()
    abi = ",\n  ".join(json.dumps(part, sort_keys=True) for part in found["abi"])
    head = "".join(
        f' "{name}": {json.dumps(found[name])},\n' for name in ("compiler", "codeHash", "bytecode")
    )
    return f'{{\n{head} "abi": [\n  {abi}\n ]\n}}\n'


if __name__ == "__main__":
    COMPILED.write_text(text(), "utf-8")

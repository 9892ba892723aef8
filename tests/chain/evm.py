"""The contract on an EVM inside this process: who calls what, and what the contract says to it."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from web3 import EthereumTesterProvider, Web3
from web3.contract import Contract

from tests.chain.contract_file import COMPILED

LOG_A = sha256(b"ashiato.example/log/063622").digest()
LOG_B = sha256(b"ashiato.example/log/063649").digest()
GAS = 20_000_000


@dataclass
class Town:
    """A consortium of four: `members[0]` writes about LOG_A, nobody yet about LOG_B; `stranger` is outside."""

    web3: Web3
    contract: Contract
    members: list[str]
    stranger: str

    def send(self, name: str, *arguments: Any, by: str | None = None) -> Any:
        """Call the contract in a transaction; answers the receipt. Raises `Refused` with the contract's reason."""
        return send(self.web3, self.contract, name, *arguments, by=by or self.members[0])

    def ask(self, name: str, *arguments: Any, by: str | None = None) -> Any:
        """What the contract answers, without a transaction. Raises `Refused` with the contract's reason."""
        function = self.contract.get_function_by_name(name)(*arguments)
        return _or_refused(lambda: function.call({"from": by or self.members[0]}))

    def told(self, event: str, receipt: Any) -> list[dict[str, Any]]:
        """The events of one kind in a receipt."""
        return [dict(found["args"]) for found in self.contract.events[event]().process_receipt(receipt)]


class Refused(Exception):
    """The contract said no; the text is its reason."""


def new_town(members: int = 4) -> Town:
    """A fresh chain in this process with the contract on it."""
    provider = EthereumTesterProvider(EthereumTester(PyEVMBackend()))
    web3 = Web3(provider)
    accounts = [str(account) for account in web3.eth.accounts]
    compiled = json.loads(COMPILED.read_text("utf-8"))
    factory = web3.eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])
    deploy = factory.constructor(accounts[:members])
    made = _or_refused(lambda: web3.eth.get_transaction_receipt(deploy.transact({"from": accounts[0]})))
    contract = web3.eth.contract(made["contractAddress"], abi=compiled["abi"])
    town = Town(web3, contract, accounts[:members], accounts[members])
    town.send("proposeLog", LOG_A, accounts[0], by=accounts[0])
    proposal = proposal_of(town)
    for member in accounts[1 : town.ask("quorum")]:
        town.send("approve", proposal, by=member)
    return town


def proposal_of(town: Town) -> bytes:
    """The id of the newest proposal."""
    found: bytes = town.contract.events.Proposed().get_logs(from_block=0)[-1]["args"]["proposal"]
    return found


def send(web3: Web3, contract: Contract, name: str, *arguments: Any, by: str) -> Any:
    """A transaction and its receipt."""
    function = contract.get_function_by_name(name)(*arguments)
    who = {"from": by, "gas": GAS}  # estimating it would run the transaction twenty times
    _or_refused(lambda: function.call(who))
    return web3.eth.get_transaction_receipt(function.transact(who))


def _or_refused(act: Any) -> Any:
    try:
        return act()
    except TransactionFailed as problem:
        raise Refused(str(problem).removeprefix("execution reverted: ")) from problem

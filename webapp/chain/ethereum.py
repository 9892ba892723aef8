"""The contract over Ethereum JSON-RPC. The one file that knows web3."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TypeVar

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import HexStr
from requests.exceptions import RequestException
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import (
    BadFunctionCallOutput,
    BadResponseFormat,
    BlockNotFound,
    ContractLogicError,
    TransactionNotFound,
    Web3Exception,
    Web3RPCError,
)
from web3.middleware import ExtraDataToPOAMiddleware
from web3.providers import HTTPProvider
from web3.types import TxParams, TxReceipt

from webapp.chain.ports import Prices, Refused, Signed, Stopped, Unreachable
from webapp.chain.rules import Fee, Receipt
from webapp.chain.settings import ChainSettings, SettingError
from webapp.kernel.tlog.checkpoints import origin_hash

T = TypeVar("T")

CONTRACT = json.loads(Path(__file__).with_name("contract.json").read_text("utf-8"))
#: Reasons of the contract that say who may write, not what was written: no sign of a rewritten log.
NOT_PERMITTED = ("not a member", "not this log's writer")
#: What nodes say (geth, Besu, anvil) to a transaction that they have, or of which they know a better one.
NOTHING_NEW = (
    "already known",
    "known transaction",
    "already imported",
    "nonce too low",
    "underpriced",
    "lower than",
)
TIMEOUT_S = 10
PAGE = 5_000
"""Blocks whose events are asked for at once."""


class Ethereum:
    """One contract on one chain, seen by one sender. Reads ask the nodes in order until one answers; so do writes."""

    def __init__(self, settings: ChainSettings) -> None:
        self._settings = settings
        self._readers, self._writers = _Nodes(settings.read), _Nodes(settings.write)
        address = Web3.to_checksum_address(settings.contract or "0x" + "00" * 20)
        self._contracts = {
            node: node.eth.contract(address, abi=CONTRACT["abi"]) for node in self._readers.all
        }
        self._contract: Contract = self._contracts[self._readers.all[0]]

    @property
    def name(self) -> str:
        """ "<chain id>:<contract address>"."""
        return self._settings.name

    @property
    def address(self) -> str:
        """Our sender. Raises SettingError without a key."""
        return str(self._account.address)

    def identify(self) -> None:
        """Begin with our own node again. Raises Stopped unless chain and contract are those configured, Unreachable."""
        self._readers.reset()
        self._writers.reset()
        if self._read(lambda node: node.eth.chain_id) != self._settings.chain_id:
            raise Stopped("chain.wrong_chain")
        code = self._read(lambda node: node.eth.get_code(self._contract.address))
        if not code:
            raise Stopped("chain.no_contract", self._contract.address)
        if "0x" + Web3.keccak(code).hex() != CONTRACT["codeHash"]:
            raise Stopped("chain.other_contract", self._contract.address)

    def tip(self) -> int:
        """Number of the newest block."""
        return int(self._read(lambda node: node.eth.block_number))

    def included(self) -> int:
        """How many transactions of our sender stand in blocks."""
        return int(self._read(lambda node: node.eth.get_transaction_count(self._account.address, "latest")))

    def receipt(self, tx_hash: str) -> Receipt | None:
        """Where a transaction was included, None if nowhere."""
        found = self._receipt(tx_hash)
        return found and Receipt(found["blockNumber"], _hex(found["blockHash"]), taken=found["status"] == 1)

    def block_hash(self, number: int) -> str | None:
        """The block that stands at this height now, None if the chain is not that long."""
        try:
            return _hex(self._read(lambda node: node.eth.get_block(number))["hash"])
        except BlockNotFound:
            return None

    def head(self, origin: str) -> int:
        """The newest size that is anchored for a log, 0 if none."""
        return int(self.ask("head", _key(origin))[0])

    def prices(self) -> Prices:
        """What gas costs; the tip is what nodes suggest, 1 gwei where they do not."""
        base = self._read(lambda node: node.eth.get_block("latest")).get("baseFeePerGas", 0)
        try:
            return Prices(int(base), int(self._read(lambda node: node.eth.max_priority_fee)))
        except Unreachable:
            return Prices(int(base), 1_000_000_000)

    def anchor_call(self, origin: str, size: int, root: bytes, proof: Sequence[bytes]) -> bytes:
        """The call that anchors a head."""
        return self.call("anchor", _key(origin), size, root, list(proof))

    def append_call(self, origin: str, first: int, hashes: Sequence[bytes], kinds: Sequence[int]) -> bytes:
        """The call that records entries that follow each other."""
        if len(hashes) == 1:
            return self.call("append", _key(origin), hashes[0], kinds[0], first)
        return self.call("appendMany", _key(origin), first, list(hashes), list(kinds))

    def call(self, name: str, *arguments: Any) -> bytes:
        """Any call of the contract, as bytes. Whatever is text is an address."""
        given = [Web3.to_checksum_address(one) if isinstance(one, str) else one for one in arguments]
        return bytes.fromhex(self._contract.encode_abi(name, given)[2:])

    def ask(self, name: str, *arguments: Any) -> Any:
        """What a view of the contract answers. Raises Stopped if it is not there."""
        try:
            return self._read(
                lambda node: self._contracts[node].get_function_by_name(name)(*arguments).call()
            )
        except BadFunctionCallOutput as problem:
            raise Stopped("chain.no_contract", self._contract.address) from problem

    def estimate(self, data: bytes) -> int:
        """Gas that a call needs, with room. Raises Refused if the contract would say no, Stopped if it is not ours."""
        asked: TxParams = {"from": self._account.address, "to": self._contract.address, "data": data}
        try:
            return self._estimate(asked)
        except ContractLogicError as problem:
            reason = str(problem.message or problem).removeprefix("execution reverted").lstrip(": ")
            if reason in NOT_PERMITTED:
                raise Stopped("chain.not_permitted", self.address) from problem
            raise Refused(reason) from problem

    def _estimate(self, asked: TxParams) -> int:
        return int(self._read(lambda node: node.eth.estimate_gas(asked))) * 13 // 10 + 10_000

    def sign(self, data: bytes, nonce: int, gas: int, fee: Fee) -> Signed:
        """The same arguments give the same bytes (RFC 6979)."""
        return self._sign({"to": self._contract.address, "data": data}, nonce, gas, fee)

    def _sign(self, what: dict[str, Any], nonce: int, gas: int, fee: Fee) -> Signed:
        signed = self._account.sign_transaction(
            what
            | {"type": 2, "chainId": self._settings.chain_id, "nonce": nonce, "gas": gas, "value": 0}
            | {"maxFeePerGas": fee.most, "maxPriorityFeePerGas": fee.tip}
        )
        return Signed(_hex(signed.hash), bytes(signed.raw_transaction))

    def send(self, raw: bytes, *, everywhere: bool = False) -> None:
        """Hand a transaction to the first node that answers, or to all; one that it has already is no error.

        Raises Stopped if a node takes it not, Unreachable if none answers.
        """
        (self._writers.tell if everywhere else self._writers.ask)(lambda node: _take(node, raw))

    def sign_deployment(self, members: Sequence[str], nonce: int, fee: Fee) -> Signed:
        """The transaction that puts the contract on the chain with these members. Raises Refused."""
        factory = self._readers.all[0].eth.contract(abi=CONTRACT["abi"], bytecode=CONTRACT["bytecode"])
        data = factory.constructor(
            [Web3.to_checksum_address(member) for member in members]
        ).data_in_transaction
        try:
            gas = self._estimate({"from": self._account.address, "data": data})
        except ContractLogicError as problem:
            raise Refused(str(problem.message)) from problem
        return self._sign({"data": data, "to": b""}, nonce, gas, fee)

    def deployed_at(self, tx_hash: str) -> str | None:
        """Address of the contract that a transaction put there, None while it is in no block."""
        found = self._receipt(tx_hash)
        return found and str(found["contractAddress"])

    def _receipt(self, tx_hash: str) -> TxReceipt | None:
        try:
            return self._read(lambda node: node.eth.get_transaction_receipt(HexStr(tx_hash)))
        except TransactionNotFound:
            return None

    def anchored(self, origin: str) -> Iterator[tuple[int, bytes]]:
        """(size, root) of everything that was ever anchored for a log, in order."""
        for found in self._events("Anchored", {"origin": _key(origin)}):
            yield found["size"], found["root"]

    def appended(self, origin: str) -> Iterator[tuple[int, bytes]]:
        """(index, hash) of everything that was ever appended for a log, in order of time."""
        for found in self._events("Appended", {"origin": _key(origin)}):
            yield found["logIndex"], found["eventHash"]

    def proposals(self) -> Iterator[dict[str, Any]]:
        """What members were asked, in order of time; whether it is still open is for `approvalsOf` to say."""
        yield from self._events("Proposed", {})

    def _events(self, name: str, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
        last = self.tip()
        for start in range(self.ask("born"), last + 1, PAGE):
            stop = min(start + PAGE - 1, last)
            yield from self._page(name, {"argument_filters": wanted, "from_block": start, "to_block": stop})

    def _page(self, name: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        found = self._read(lambda node: self._contracts[node].events[name]().get_logs(**wanted))
        return [dict(one["args"]) for one in found]

    def _read(self, ask: Callable[[Web3], T]) -> T:
        try:
            return self._readers.ask(ask)
        except (TransactionNotFound, BlockNotFound):
            raise
        except Web3RPCError as problem:  # the node is there and cannot answer now: syncing, overloaded
            raise Unreachable(str(problem.message)[:200]) from problem

    @cached_property
    def _account(self) -> LocalAccount:
        if self._settings.key_file is None:
            raise SettingError("chain.setting_missing", name="CHAIN_KEY_FILE")
        return read_key(self._settings.key_file)


def read_key(path: Path) -> LocalAccount:
    """The key in a file: 32 bytes as hex. Raises SettingError if it is none or others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise SettingError("chain.key_readable", path=str(path))
        account: LocalAccount = Account.from_key(path.read_text("ascii").strip())
    except (OSError, ValueError, Web3Exception):
        # the cause may quote what stands in the file
        raise SettingError("chain.key_wrong", path=str(path)) from None
    return account


def new_key(path: Path) -> str:
    """Write a new key to a file that must not exist and that only its owner can read; answers the address."""
    account: LocalAccount = Account.create()
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(account.key.hex() + "\n", "ascii")
    return str(account.address)


class _Nodes:
    """Nodes that are asked in order until one answers; one that did not is asked last until `reset`."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.all = tuple(_node(url) for url in urls)
        self._order = list(self.all)

    def reset(self) -> None:
        """The order of the configuration again: our own node first."""
        self._order = list(self.all)

    def ask(self, ask: Callable[[Web3], T]) -> T:
        """The answer of the first node that can be reached. Raises Unreachable."""
        silent = []
        for node in self._order:
            try:
                found = ask(node)
            except (RequestException, OSError, BadResponseFormat, JSONDecodeError) as problem:
                silent.append(node)
                last = problem
            else:
                self._order = [*(other for other in self._order if other not in silent), *silent]
                return found
        raise Unreachable(type(last).__name__) from last

    def tell(self, tell: Callable[[Web3], object]) -> None:
        """Say it to every node that can be reached. Raises Unreachable if none can."""
        silent = 0
        for node in self.all:
            try:
                tell(node)
            except (RequestException, OSError, BadResponseFormat, JSONDecodeError) as problem:
                silent, last = silent + 1, problem
        if silent == len(self.all):
            raise Unreachable(type(last).__name__) from last


def _node(url: str) -> Web3:
    # we wait and try again ourselves
    provider = HTTPProvider(url, request_kwargs={"timeout": TIMEOUT_S}, exception_retry_configuration=None)
    node = Web3(provider)
    node.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)  # QBFT blocks carry the validators' seals
    return node


def _take(node: Web3, raw: bytes) -> None:
    try:
        node.eth.send_raw_transaction(raw)
    except Web3RPCError as problem:
        said = str(problem.message).lower()
        if any(words in said for words in NOTHING_NEW):
            return
        code = "chain.no_funds" if "insufficient funds" in said else "chain.node_refused"
        raise Stopped(code, said[:200]) from problem


def _key(origin: str) -> bytes:
    return bytes.fromhex(origin_hash(origin))


def _hex(value: bytes) -> str:
    return "0x" + bytes(value).hex()

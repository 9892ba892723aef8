"""Signatures as WebCrypto writes them."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.phones import Key
from webapp.kernel.phones.keys import NoKey, key_id, verify

KEY = Key()
TEXT = "足あと"
SIGNATURE = KEY.sign(TEXT)
#: RFC 6979 A.2.5: key of P-256, message "sample", SHA-256.
POINT = (
    "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
)
R = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
S = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"


def b64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


def test_the_published_example_verifies() -> None:
    assert verify(b64(POINT), b"sample", b64(R + S))
    assert not verify(b64(POINT), b"test", b64(R + S))


def test_a_signature_is_good_for_these_bytes_and_this_key_alone() -> None:
    assert verify(KEY.base64, TEXT.encode(), SIGNATURE)
    assert not verify(KEY.base64, TEXT.encode() + b" ", SIGNATURE)
    assert not verify(Key().base64, TEXT.encode(), SIGNATURE)


@given(st.text(max_size=90), st.text(max_size=90))
def test_no_input_raises(key: str, signature: str) -> None:
    assert not verify(key, b"x", signature)
    assert not verify(KEY.base64, b"x", signature)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(b64("05" + POINT[2:]), id="another form of point"),
        pytest.param(b64(POINT[:-2] + "00"), id="not on the curve"),
        pytest.param(b64(POINT[:-2]), id="too short"),
        pytest.param(b64(POINT)[:-2] + "n=", id="another writing of the same bytes"),
        pytest.param(b64("00" * 65), id="nothing"),
    ],
)
def test_what_is_no_point_is_no_key(key: Any) -> None:
    with pytest.raises(NoKey):
        key_id(key)
    assert not verify(key, b"sample", b64(R + S))


@pytest.mark.parametrize("numbers", ["00" * 64, "FF" * 64, R + "00" * 32, "00" * 32 + S])
def test_numbers_outside_of_the_group_are_no_signature(numbers: str) -> None:
    assert not verify(b64(POINT), b"sample", b64(numbers))

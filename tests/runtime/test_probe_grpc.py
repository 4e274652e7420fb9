"""Held to what a real server said: grpcio and grpcio-health-checking 1.85.1, recorded byte for byte."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.probe_grpc import PREFACE, ask_grpc, judged, request
from runtime.probe_results import Answer
from runtime.probes import Grpc
from tests.runtime.probe_asked import answer_of
from tests.runtime.probe_material import saying

SETTINGS = "000018040000000000000400400000000500400000000600004000fe030000000100000408000000000000"
GREETING = SETTINGS + "3f0001000000040100000000"
HEADERS = (
    "00004e01040000000188400c636f6e74656e742d74797065106170706c69636174696f6e2f677270634014677270632d"
    "6163636570742d656e636f64696e67176964656e746974792c206465666c6174652c20677a6970"
)
PING = "000008060000000000b7fe6ab02bd7ce4a"
TRAILERS = "00001e010500000001400b677270632d7374617475730130000c677270632d6d65737361676500"
UNIMPLEMENTED = (
    "00005001050000000188400c636f6e74656e742d74797065106170706c69636174696f6e2f67727063400b677270632d"
    "737461747573023132000c677270632d6d657373616765114d6574686f64206e6f7420666f756e6421"
)
SERVING = GREETING + HEADERS + "0000070000000000010000000002" + "0801" + PING + TRAILERS
NOT_SERVING = GREETING + PING + HEADERS + "0000070000000000010000000002" + "0802" + TRAILERS
NOT_FOUND = GREETING + HEADERS + "0000050000000000010000000000" + TRAILERS
PADDED = GREETING + HEADERS + "00000a0008000000010200000000020801" + "0000" + TRAILERS
RESET = GREETING + "00000403000000000100000007"
GOING_AWAY = GREETING + "000008070000000000" + "0000000000000000"
SAID = [
    (SERVING, ""),
    (PADDED, ""),
    (NOT_SERVING, 'service unhealthy (responded with "NOT_SERVING")'),
    (NOT_FOUND, 'service unhealthy (responded with "UNKNOWN")'),
    (
        GREETING + UNIMPLEMENTED,
        "the server gave no health status: it doesn't implement grpc.health.v1.Health",
    ),
    (RESET, "the server gave no health status: it doesn't implement grpc.health.v1.Health"),
    (GOING_AWAY, "the server gave no health status: it doesn't implement grpc.health.v1.Health"),
]


@pytest.mark.parametrize(("said", "words"), SAID)
def test_an_answer_is_understood(said: str, words: str) -> None:
    with saying(bytes.fromhex(said)) as port:
        answer = answer_of(Grpc(port, "cart"))

    assert (answer.good, answer.words.partition(", or not for")[0]) == (not words, words)


def test_a_server_of_http_1_fails_in_words() -> None:
    with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        answer = answer_of(Grpc(port))

    assert answer == Answer(False, f"grpc :{port}: the server doesn't speak HTTP/2")


def test_an_answer_that_breaks_off_fails() -> None:
    with saying(bytes.fromhex(GREETING)) as port:
        assert answer_of(Grpc(port)) == Answer(False, f"grpc :{port}: EOF")


def test_the_whole_server_is_asked_with_an_empty_message() -> None:
    assert request(Grpc(9090), "x").endswith(bytes.fromhex("000005000100000001" + "0000000000"))


def test_a_service_is_asked_by_its_name() -> None:
    asked = request(Grpc(9090, "cart"), "10.0.0.9:9090")

    assert asked.startswith(PREFACE)
    assert asked.endswith(bytes.fromhex("00000b000100000001" + "0000000006" + "0a04") + b"cart")
    assert b"\x00\x0a:authority\x0d10.0.0.9:9090" in asked


def test_a_long_name_has_a_long_length() -> None:
    assert b"\x0a\xac\x02" + b"x" * 300 in request(Grpc(9090, "x" * 300), "10.0.0.9:9090")
    assert b"\x00\x0a:authority\x7f\xad\x01" + b"y" * 300 in request(Grpc(9090), "y" * 300)


@pytest.mark.parametrize(("status", "good"), [(b"", False), (b"\x08\x01", True), (b"\x08\x63", False)])
def test_only_serving_is_good(status: bytes, good: bool) -> None:
    assert judged(Grpc(1), b"\0" + len(status).to_bytes(4) + status).good is good


@given(st.binary(max_size=200))
def test_whatever_a_server_says_is_an_answer_or_the_end(said: bytes) -> None:
    async def ask() -> Answer | None:
        reader = asyncio.StreamReader()
        reader.feed_data(said)
        reader.feed_eof()
        try:
            return await ask_grpc(Grpc(1), reader, _Nobody(), "x")
        except (OSError, EOFError):
            return None

    assert asyncio.run(ask()) != Answer(True) or b"\x08\x01" in said


class _Nobody:
    def write(self, said: bytes) -> None:
        pass

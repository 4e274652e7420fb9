import pytest

from runtime.probe_http import Garbled, Reply, judged, read_head, redirected, request
from runtime.probes import Http
from tests.runtime.probe_asked import answer_of
from tests.runtime.probe_material import free_port, saying

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEAD = b"HTTP/1.1 200 OK\r\n"
STATUSES = [(200, True), (204, True), (304, True), (399, True), (199, False), (400, False), (500, False)]
REDIRECTS = [
    ("/login", Http(8080, "/login")),
    ("login?x=1#top", Http(8080, "/a/login?x=1")),
    ("http://10.0.0.9:81/", Http(81, "/")),
    ("http://10.0.0.9", Http(80, "/")),
    ("https://10.0.0.9/x", Http(443, "/x", secure=True)),
    ("//10.0.0.9:8080/x", Http(8080, "/x")),
    ("https://example.org/login", None),
    ("gopher://10.0.0.9/", None),
    ("", None),
]
NO_ANSWERS = [
    (b"", "EOF"),
    (b"HTTP/1.1 200 OK\r\nConte", "the answer broke off"),
    (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "malformed HTTP response 'SSH-2.0-OpenSSH_9.2'"),
    (b"HTTP/1.1 yes\r\n\r\n", "malformed HTTP response 'HTTP/1.1 yes'"),
    (b"HTTP/1.1 \xb2\xb2\xb2\r\n\r\n", "malformed HTTP response 'HTTP/1.1 ²²²'"),
    (b"HTTP/1.1 302 \r\nLocation: //127.0.0.1:99999/\r\n\r\n", "Port out of range 0-65535"),
    (HEAD + b"X: " + b"y" * 20_000 + b"\r\n\r\n", "the answer's head is longer than 10240 bytes"),
]
WHOLE = [
    HEAD + b"\r\n",
    HEAD + b"\r\nto the end of the connection",
    HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000,
    HEAD + b"Content-Length: \xb2\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    b"HTTP/1.0 200\r\n\r\n",
]


def test_the_request_is_that_of_a_kubelet() -> None:
    assert request(Http(8080, "healthz"), "10.0.0.9").decode().split("\r\n") == [
        "GET /healthz HTTP/1.1",
        "Host: 10.0.0.9:8080",
        "User-Agent: kube-probe/1.33 (sloop)",
        "Accept: */*",
        "Connection: close",
        "",
        "",
    ]


def test_a_path_is_written_as_a_url_has_it() -> None:
    assert request(Http(80, "/a b?c=ü&d=%20"), "x").splitlines()[0] == b"GET /a%20b?c=%C3%BC&d=%20 HTTP/1.1"


def test_a_usual_port_isnt_named() -> None:
    assert b"Host: 10.0.0.9\r\n" in request(Http(80), "10.0.0.9")
    assert b"Host: 10.0.0.9\r\n" in request(Http(443, secure=True), "10.0.0.9")
    assert b"Host: 10.0.0.9:443\r\n" in request(Http(443), "10.0.0.9")


def test_the_users_headers_stand_in_place_of_ours() -> None:
    headers = (("host", "shop.example"), ("User-Agent", "me"), ("Accept", ""), ("X-Probe", "1"))
    asked = request(Http(80, headers=headers), "10.0.0.9").decode().split("\r\n")

    assert asked[1:-2] == ["Connection: close", "host: shop.example", "User-Agent: me", "X-Probe: 1"]


@pytest.mark.parametrize(("status", "good"), STATUSES)
def test_two_hundred_to_three_hundred_ninety_nine_is_good(status: int, good: bool) -> None:
    assert judged(Reply(status, {})).good is good


def test_a_bad_status_is_told_in_kubernetes_words() -> None:
    assert judged(Reply(503, {})).words == "HTTP probe failed with statuscode: 503"


@pytest.mark.parametrize(("location", "onward"), REDIRECTS)
def test_a_redirect_is_followed_on_the_same_host_only(location: str, onward: Http | None) -> None:
    reply = Reply(302, {"location": location})

    assert redirected(Http(8080, "/a/b"), "10.0.0.9", reply) == onward


def test_an_answer_that_is_no_redirect_stands_whatever_it_points_to() -> None:
    assert redirected(Http(80), "10.0.0.9", Reply(304, {"location": "/x"})) is None


def test_headers_are_read_whatever_their_case() -> None:
    assert read_head(b"HTTP/1.1 302 Found\r\nLOCATION:  /x \r\n\r\n") == Reply(302, {"location": "/x"})


def test_what_isnt_http_is_garbled() -> None:
    with pytest.raises(Garbled):
        read_head(b"\x16\x03\x01 hello\r\n\r\n")


@pytest.mark.parametrize("reply", WHOLE)
def test_every_way_to_end_an_answer_is_understood(reply: bytes) -> None:
    with saying(reply) as port:
        assert answer_of(Http(port)).good


@pytest.mark.parametrize(("reply", "words"), NO_ANSWERS)
def test_no_answer_is_a_failure_that_says_what_came(reply: bytes, words: str) -> None:
    with saying(reply) as port:
        answer = answer_of(Http(port, "/live"))

    assert (answer.good, answer.words) == (False, f'Get "http://:{port}/live": {words}')


def test_a_redirect_is_followed_to_its_end() -> None:
    heard: list[bytes] = []
    with saying(
        b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n", b"HTTP/1.1 500 no\r\n\r\n", heard=heard
    ) as port:
        answer = answer_of(Http(port, "/a"))

    assert answer.words == "HTTP probe failed with statuscode: 500"
    assert [said.split()[1] for said in heard] == [b"/a", b"/b"]


def test_redirects_in_a_circle_come_to_an_end() -> None:
    with saying(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n") as port:
        assert answer_of(Http(port)).words == f'Get "http://:{port}/": stopped after 10 redirects'


def test_nobody_at_the_port_is_a_failure() -> None:
    port = free_port()

    assert answer_of(Http(port)).words == f'Get "http://:{port}/": connection refused'


def test_a_server_without_tls_fails_an_https_probe() -> None:
    with saying(OK) as port:
        answer = answer_of(Http(port, secure=True))

    assert answer.good is False
    assert answer.words.startswith(f'Get "https://:{port}/": ')

"""The kernel's table of routes."""

from runtime.routes import routes_in

TABLE = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
tun0\t01020304\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0
"""


def test_all_but_the_default_route_are_subnets() -> None:
    assert routes_in(TABLE) == ("10.0.0.0/8", "172.17.0.0/16", "4.3.2.1/32")


def test_an_empty_table_has_none() -> None:
    assert routes_in("") == ()

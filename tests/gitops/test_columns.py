"""What ``get`` found stands in kubectl's columns."""

from typing import Any

from gitops.telling.columns import columns

NOW = 1767323045.0  # 2026-01-02T03:04:05 UTC


def item(kind: str, name: str, **row: Any) -> dict[str, Any]:
    return {"kind": kind, "namespace": "shop", "name": name, **row, "created": "2026-01-02T03:03:05+00:00"}


def table(*items: dict[str, Any], everywhere: bool = False, several: bool = False) -> str:
    return "".join(f"{line}\n" for line in columns(items, NOW, everywhere=everywhere, several=several))


def test_pods_say_when_they_last_restarted() -> None:
    started = "2026-01-02T03:03:55+00:00"
    calm = item("Pod", "web-0", ready="1/1", status="Running", restarts=0, started=started)
    wild = item("Pod", "web-1", ready="0/1", status="Error", restarts=3, started=started)

    assert table(calm, wild) == (
        "NAME    READY   STATUS    RESTARTS      AGE\n"
        "web-0   1/1     Running   0             60s\n"
        "web-1   0/1     Error     3 (10s ago)   60s\n"
    )


def test_a_service_without_an_address_says_none() -> None:
    web = item(
        "Service", "web", type="ClusterIP", clusterIP=None, externalIP=None, ports=["80/TCP", "53/UDP"]
    )

    assert table(web) == (
        "NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)         AGE\n"
        "web    ClusterIP   <none>       <none>        80/TCP,53/UDP   60s\n"
    )


def test_access_modes_are_abbreviated() -> None:
    data = item(
        "PersistentVolumeClaim", "data", status="Bound", volume="shop.data", accessModes=["ReadWriteOnce"]
    )

    assert table(data) == (
        "NAME   STATUS   VOLUME      ACCESS MODES   AGE\ndata   Bound    shop.data   RWO            60s\n"
    )


def test_several_kinds_are_several_tables_with_the_kind_before_each_name() -> None:
    config = item("ConfigMap", "conf", data=2)
    town = {**item("Namespace", "shop", status="Active"), "namespace": None}

    assert table(config, town, everywhere=True, several=True) == (
        "NAMESPACE   NAME             DATA   AGE\n"
        "shop        configmap/conf   2      60s\n"
        "\n"
        "NAME             STATUS   AGE\n"
        "namespace/shop   Active   60s\n"
    )


def test_what_nobody_can_tell_is_a_question_mark() -> None:
    web = item("Deployment", "web", ready="1/?", upToDate=None, available=1)

    assert table(web).split("\n")[1].split() == ["web", "1/?", "?", "1", "60s"]

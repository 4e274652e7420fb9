"""NetworkPolicies (networking.k8s.io/v1): those whose meaning the namespaces' own networks carry."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.core import Status
from schemas.meta import ObjectMeta
from schemas.model import Fault, Many, Model, Path, complain
from schemas.names import PortNumber
from schemas.probes import Port
from schemas.selectors import LabelSelector

_ALLOWED = "a namespace can be open, or closed to all but its own pods"
_WAY_OUT = "this policy would not be enforced, so leave it out"


class PolicyPort(Model):
    """A port that is let through."""

    port: Port | None = None
    end_port: PortNumber | None = None
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"


class IpBlock(Model):
    """Addresses that are let through."""

    cidr: str
    except_: Many[str] = Field(default=(), alias="except")


class PolicyPeer(Model):
    """Who is let through: pods of the same namespace, of others, or addresses."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IpBlock | None = None

    @property
    def is_the_namespace(self) -> bool:
        """Whether it is every pod of the policy's own namespace, and nobody else."""
        return (self.pod_selector, self.namespace_selector, self.ip_block) == (LabelSelector(), None, None)


class PolicyIngress(Model):
    """What is let in; nothing said is everything."""

    from_: Many[PolicyPeer] = Field(default=(), alias="from")
    ports: Many[PolicyPort] = ()


class PolicyEgress(Model):
    """What is let out; nothing said is everything."""

    to: Many[PolicyPeer] = ()
    ports: Many[PolicyPort] = ()


class NetworkPolicySpec(Model):
    """What may reach the pods of a namespace, and what they may reach."""

    pod_selector: LabelSelector = Field(default_factory=LabelSelector)
    policy_types: Many[Literal["Ingress", "Egress"]] = ()
    ingress: Many[PolicyIngress] = ()
    egress: Many[PolicyEgress] = ()

    @property
    def types(self) -> tuple[str, ...]:
        """What is restricted; Kubernetes' default where it isn't said."""
        return self.policy_types or (("Ingress", "Egress") if self.egress else ("Ingress",))

    @property
    def closes(self) -> bool:
        """Whether its pods are reached from their own namespace only."""
        return "Ingress" in self.types and not any(_is_open(rule) for rule in self.ingress)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(Fault(at, f"{why}; {_WAY_OUT}") for at, why in _untold(self))
        return self


class NetworkPolicy(Model):
    """Who may reach the pods of a namespace: everybody, or only its own."""

    api_version: Literal["networking.k8s.io/v1"]
    kind: Literal["NetworkPolicy"]
    metadata: ObjectMeta
    spec: NetworkPolicySpec
    status: Status = None


def _is_open(rule: PolicyIngress | PolicyEgress) -> bool:
    return rule == type(rule)()


def _untold(spec: NetworkPolicySpec) -> Iterator[tuple[Path, str]]:
    """Yield what networks don't carry; Kubernetes lets through what any of a policy's rules does."""
    inward, outward = "Ingress" in spec.types, "Egress" in spec.types
    if inward and not any(map(_is_open, spec.ingress)):
        yield from _inward(spec)
    if outward and not any(map(_is_open, spec.egress)):
        yield ("egress",), "what pods reach is not restricted here"


def _inward(spec: NetworkPolicySpec) -> Iterator[tuple[Path, str]]:
    if spec.pod_selector != LabelSelector():
        yield ("podSelector",), f"some pods of a namespace are not kept apart from its others; {_ALLOWED}"
    if not any(not rule.ports and any(one.is_the_namespace for one in rule.from_) for rule in spec.ingress):
        yield ("ingress",), f"the pods of a namespace are not kept apart from each other; {_ALLOWED}"
        return
    for number, rule in enumerate(spec.ingress):
        if any(not one.is_the_namespace for one in rule.from_):
            yield ("ingress", number, "from"), f"who comes from elsewhere is not told apart here; {_ALLOWED}"

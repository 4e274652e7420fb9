"""The arithmetic of a disruption budget: how many healthy pods there have to be, and how many may go."""

from collections.abc import Sequence

from runtime.dataclass import dataclass
from schemas.disruption import PodDisruptionBudgetSpec
from schemas.int_or_percent import scaled


@dataclass(frozen=True, slots=True)
class Budget:
    """How many pods there should be, are healthy, and have to be; in Kubernetes' words."""

    expected: int
    current: int
    desired: int

    @property
    def allowed(self) -> int:
        """How many healthy pods may be taken away now."""
        return max(self.current - self.desired, 0) if self.expected > 0 else 0

    def __str__(self) -> str:
        many = "1 disruption" if self.allowed == 1 else f"{self.allowed} disruptions"
        return f"{self.current} healthy, at least {self.desired} needed, {many} allowed"


def budget(spec: PodDisruptionBudgetSpec, *, pods: int, healthy: int, scales: Sequence[int | None]) -> Budget:
    """Return the budget of so many pods, ``healthy`` of them ready.

    ``scales`` are how many pods their makers should have, None for one that has no such number: then
    percentages and maxUnavailable can't be counted, and nobody may go.
    Source: Kubernetes' pkg/controller/disruption/disruption.go, getExpectedPodCount and updatePdbStatus.
    """
    least, most = spec.min_available, spec.max_unavailable
    if isinstance(least, int):
        return Budget(pods, healthy, least)
    if (least is None and most is None) or None in scales:
        return Budget(0, healthy, 0)
    expected = sum(scale for scale in scales if scale is not None)
    if most is not None:
        return Budget(expected, healthy, max(expected - scaled(most, expected, round_up=True), 0))
    return Budget(expected, healthy, scaled(least or 0, expected, round_up=True))


def may_go(spec: PodDisruptionBudgetSpec, now: Budget, *, ready: bool) -> bool:
    """Say whether a running pod may be taken away.

    One that isn't ready serves nobody: it may go where the others are enough, or always, as its policy says.
    Source: Kubernetes' pkg/registry/core/pod/storage/eviction.go.
    """
    if ready:
        return now.allowed > 0
    if spec.unhealthy_pod_eviction_policy == "AlwaysAllow":
        return True
    return (now.desired > 0 and now.current >= now.desired) or now.allowed > 0

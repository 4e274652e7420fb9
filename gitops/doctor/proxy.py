"""Where the proxies of Services come from on this machine, for `sloop doctor`."""

from gitops.doctor.findings import Finding, ok, warning
from runtime.proxies import BUILT, OFFICIAL
from runtime.proxy_image import version

INSTALL = "install the package `haproxy` (2.6 or later), or set SLOOP_PROXY_IMAGE to an image that can be had"


def proxy(setting: str, images: frozenset[str], installed: str | None = None) -> Finding:
    """Return which image proxies will have; ``installed`` is the version of this machine's own HAProxy."""
    own = version() if installed is None else installed
    if setting and setting != BUILT:
        return _there(setting, images)
    if OFFICIAL in images and not setting:
        return ok("proxy", "HAProxy's official image is here")
    if BUILT in images:
        return ok("proxy", f"{BUILT} is here, made of this machine's own HAProxy")
    if own:
        how = "" if setting else ", if the official image can't be pulled"
        return ok("proxy", f"it will be made of this machine's HAProxy {own}{how}")
    told = "without a registry nothing can lead to the pods of a Service: this machine has no HAProxy"
    return warning("proxy", told, INSTALL)


def _there(setting: str, images: frozenset[str]) -> Finding:
    if setting in images:
        return ok("proxy", f"{setting} is here")
    return warning(
        "proxy", f"{setting} isn't here yet: the first Service pulls it", f"`podman pull {setting}`"
    )

"""How long something may take, as people write it."""

import re

_UNITS = {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600}


def seconds(text: object) -> float:
    """Read a duration such as 90, 90s, 5m, 1h30m; raises ValueError."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smh]?)", str(text))
    if not parts or "".join(map("".join, parts)) != str(text):
        raise ValueError(f"{text!r} is no duration: write 90s, 5m or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)

"""The words for what is to become of an object."""

from enum import StrEnum


class Verdict(StrEnum):
    """What is to become of an object."""

    CREATE = "create"
    UPDATE = "update"
    DRIFT = "drift"
    DELETE = "delete"
    ADOPT = "adopt"

"""What is wrong with manifests, told with its place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, or worth a notice, at one place of one file.

    ``line`` and ``column`` count from 1; 0 means that the whole file is meant.
    ``field`` is a path such as ``spec.template.spec.containers[0].image``; empty for a whole document.
    """

    file: str
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "
        return where + (f"{self.field}: " if self.field else "") + self.message


class ManifestError(Exception):
    """A commit's manifests can't be used; carries every problem that was found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))

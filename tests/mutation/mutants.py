"""Mutants: a module with one small thing in one of its functions turned into another."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
COMPUTED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any", "ceil": "floor", "floor": "ceil"}
CONDITIONS = ("test", "ifs", "guard")
ELSEWHERE = ("decorator_list", "returns", "annotation")  # run when the module is loaded, or never


@dataclass(frozen=True, slots=True)
class Mutant:
    """What stood in which function and what stands there now; ``code`` is that of the whole module.

    ``lines`` are those of the statement up to the change: a test that comes by one of them may mind.
    """

    function: str
    before: str
    after: str
    lines: range
    code: CodeType

    def __str__(self) -> str:
        return f"{self.function}: `{self.before}` → `{self.after}`"


@dataclass(frozen=True, slots=True)
class Place:
    """An expression in a tree: where it hangs, and in which function and statement."""

    parent: ast.AST
    field: str
    number: int | None
    node: ast.expr
    function: str
    statement: ast.stmt

    def put(self, node: ast.expr) -> None:
        """Hang another expression there."""
        if self.number is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.number] = node


def mutants(source: str, file: str) -> Iterator[Mutant]:
    """Yield every mutant of a module, line by line."""
    tree = ast.parse(source)
    for place in list(_places(tree, ())):
        before = ast.unparse(place.node)
        for node in _changes(place):
            after = ast.unparse(node)
            place.put(node)
            code = compile(ast.fix_missing_locations(tree), file, "exec")
            place.put(place.node)
            lines = range(place.statement.lineno, (place.node.end_lineno or 0) + 1)
            yield Mutant(place.function, before, after, lines, code)


def _places(node: ast.AST, names: tuple[str, ...], statement: ast.stmt | None = None) -> Iterator[Place]:
    """Yield the expressions in functions' bodies; what is done while a module is loaded is left alone."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        names = (*names, node.name)
    for field, value in ast.iter_fields(node):
        several = isinstance(value, list)
        inside = statement or (isinstance(node, ast.FunctionDef) and field == "body")
        for number, child in enumerate(value if several else [value]):
            if not isinstance(child, ast.AST) or isinstance(child, ast.arguments) or field in ELSEWHERE:
                continue
            within = child if inside and isinstance(child, ast.stmt) else statement
            if within and isinstance(child, ast.expr):
                yield Place(node, field, number if several else None, child, ".".join(names), within)
            yield from _places(child, names, within)


def _changes(place: Place) -> Iterator[ast.expr]:
    """Yield what an expression may be turned into."""
    match place.node:
        case ast.Compare(left, [operator], right) if type(operator) in COMPARED:
            yield ast.Compare(left, [COMPARED[type(operator)]()], right)
        case ast.BinOp(left, operator, right) if type(operator) in COMPUTED:
            yield ast.BinOp(left, COMPUTED[type(operator)](), right)
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(bool() | int() as value):
            yield ast.Constant(not value if isinstance(value, bool) else value + 1)
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Call(ast.Name(name), arguments, keywords) if name in CALLED:
            yield ast.Call(ast.Name(CALLED[name], ast.Load()), arguments, keywords)
        case ast.Name() | ast.Attribute() | ast.Call() | ast.Subscript() as node if _decides(place):
            yield ast.UnaryOp(ast.Not(), node)


def _decides(place: Place) -> bool:
    """Say whether which way it goes depends on a value; that of an IfExp is turned round as a whole."""
    return place.field in CONDITIONS and not isinstance(place.parent, ast.IfExp)

"""Expressions in x and y: read from a text, differentiated, and written as Python and LaTeX.

A text is never evaluated. It is cut into numbers, names and operators, of which only known ones are
taken; Python's own parser then tells how these belong together, and each part of what it found is
read by itself.
"""

from __future__ import annotations

import ast
import bisect
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn

import numpy as np

from landscape.language import Message, msgid

MOST_FORMULA = 500  # characters
MOST_DEPTH = 40  # of parentheses, signs and powers in each other
MOST_NODES = 4_000  # of an expression with all its derivatives
VARIABLES = ("x", "y")
CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": math.pi, "e": math.e})
FUNCTIONS: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "sqrt": math.sqrt,
        "exp": math.exp,
        "log": math.log,
        "sin": math.sin,
        "cos": math.cos,
        "tan": math.tan,
        "asin": math.asin,
        "acos": math.acos,
        "atan": math.atan,
        "sinh": math.sinh,
        "cosh": math.cosh,
        "tanh": math.tanh,
        "abs": abs,
    }
)
ALIASES: Mapping[str, str] = MappingProxyType({"ln": "log"})
KNOWN = (*VARIABLES, *CONSTANTS, *FUNCTIONS, *ALIASES)

EMPTY = msgid("There is no formula: type one in x and y, such as `x*x + 2*y*y`.")
TOO_LONG = msgid("Column {column}: a formula has at most {most} characters.")
NO_LETTER = msgid("Column {column}: this character cannot stand in a formula.")
COMMA = msgid("Column {column}: a comma cannot stand in a formula; a decimal number has a point.")
UNKNOWN = msgid("Column {column}: there is no `{text}` here; there are {known}.")
NO_OPERATOR = msgid("Column {column}: an operator is missing before `{text}`, as in `2*x`.")
NO_VALUE = msgid("Column {column}: a number, a name or a parenthesis is missing before this.")
UNFINISHED = msgid("Column {column}: the formula ends where a number or a name is missing.")
NOT_CLOSED = msgid("Column {column}: this parenthesis is not closed.")
NOT_OPENED = msgid("Column {column}: this parenthesis was not opened.")
NO_ARGUMENT = msgid("Column {column}: what `{text}` is taken of stands in parentheses behind it.")
TOO_DEEP = msgid("Column {column}: more than {most} parts stand in each other.")
NOT_FINITE = msgid("Column {column}: this is no finite number.")
TOO_LARGE = msgid("Column {column}: the formula or its derivatives are too long to be computed.")

TOKENS = re.compile(
    r"(?P<blank>\s+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<operator>\*\*|[-+*/^])"
    r"|(?P<open>\()|(?P<close>\))|(?P<comma>,)",
    re.ASCII,
)


class FormulaError(ValueError):
    """A text that is no formula: a message's id and its values say why, with the column."""

    def __init__(self, message: Message, **values: object) -> None:
        super().__init__(message.format(**values))
        self.message, self.values = message, MappingProxyType(dict(values))

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.message, dict(self.values))


def _again(message: Message, values: dict[str, object]) -> FormulaError:
    return FormulaError(message, **values)


# --- Reading


@dataclass(frozen=True)
class Token:
    """A piece of a text: its kind is the name of its group in TOKENS; columns begin with 1."""

    kind: str
    text: str
    column: int


def tokens(text: str, names: Iterable[str]) -> list[Token]:
    """Return the pieces of a formula, whose parameters have these names.

    Every piece is known and has its place; raises FormulaError for the first that does not.
    """
    if len(text) > MOST_FORMULA:
        raise FormulaError(TOO_LONG, column=MOST_FORMULA + 1, most=MOST_FORMULA)
    found: list[Token] = []
    values = (*VARIABLES, *CONSTANTS, *names)
    position = 0
    while position < len(text):
        match = TOKENS.match(text, position)
        kind = match.lastgroup if match else None
        if match is None or kind is None:
            _check(found, values)  # the first mistake is told
            raise FormulaError(NO_LETTER, column=position + 1)
        if kind != "blank":
            found.append(Token(kind, match[0], position + 1))
        position = match.end()
    if not found:
        raise FormulaError(EMPTY)
    _check(found, values, end=len(text) + 1)
    return found


def _check(found: list[Token], values: tuple[str, ...], end: int | None = None) -> None:
    """Raise FormulaError unless each token is known and may stand behind the one before it.

    With the column of its `end` the formula has to be whole.
    """
    opened: list[int] = []  # columns of the parentheses that are open
    wanted, function = True, None  # whether a value has to follow; the function before
    for token in found:
        column, text = token.column, token.text
        if function and token.kind != "open":
            raise FormulaError(NO_ARGUMENT, column=function.column, text=function.text)
        if token.kind == "comma":
            raise FormulaError(COMMA, column=column)
        if token.kind == "operator":
            if wanted and text not in "+-":
                raise FormulaError(NO_VALUE, column=column)
            wanted = True
        elif token.kind == "close":
            if not opened:
                raise FormulaError(NOT_OPENED, column=column)
            if wanted:
                raise FormulaError(NO_VALUE, column=column)
            opened.pop()
        else:
            known = token.kind != "name" or text in values or _function(text)
            if not known:
                listed = ", ".join((*values, *FUNCTIONS))
                raise FormulaError(UNKNOWN, column=column, text=text, known=listed)
            if not wanted:
                raise FormulaError(NO_OPERATOR, column=column, text=text)
            if token.kind == "open":
                opened.append(column)
                if len(opened) > MOST_DEPTH:
                    raise FormulaError(TOO_DEEP, column=column, most=MOST_DEPTH)
            elif token.kind == "number" and not math.isfinite(float(text)):
                raise FormulaError(NOT_FINITE, column=column)
            else:
                wanted = False
        function = token if token.kind == "name" and text not in values else None
        wanted = wanted or function is not None
    if end is None:
        return
    if function:
        raise FormulaError(NO_ARGUMENT, column=function.column, text=function.text)
    if wanted:
        raise FormulaError(UNFINISHED, column=end)
    if opened:
        raise FormulaError(NOT_CLOSED, column=opened[-1])


def _function(name: str) -> str | None:
    """Return the function of a name, if there is one."""
    name = ALIASES.get(name, name)
    return name if name in FUNCTIONS else None


def plain(value: float) -> str:
    """Return a number as short as it is exact: a whole one without a point."""
    if not math.isfinite(value):
        return f'float("{value}")'
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


class Reader:
    """The parts of a text as Python's parser finds them, and where in the text they stand."""

    def __init__(self, text: str, names: Iterable[str]) -> None:
        self.tokens = tokens(text, names)
        # Python reads its own spelling, whose places are looked up here.
        self._places: list[int] = []
        pieces, place = [], 0
        for token in self.tokens:
            piece = token.text
            if token.kind == "number":
                piece = repr(float(piece))
            elif piece == "^":
                piece = "**"
            pieces.append(piece)
            self._places.append(place)
            place += len(piece) + 1
        try:
            self.tree = ast.parse(" ".join(pieces), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            self._refuse_depth(1)

    def column(self, tree: ast.expr) -> int:
        """Return the column of the text in which a part begins."""
        return self.tokens[bisect.bisect_right(self._places, tree.col_offset) - 1].column

    def _refuse_depth(self, column: int) -> NoReturn:
        raise FormulaError(TOO_DEEP, column=column, most=MOST_DEPTH)

    def read(self, graph: Graph, values: Mapping[str, Node], strict: bool = True) -> Node:
        """Return the expression, with `values` for its names.

        Raises FormulaError, if `strict`, where a part is a number that is not finite.
        """
        return _Reading(self, graph, values, strict).of(self.tree, 0)

    def latex(self, symbols: Mapping[str, str]) -> str:
        """Return the formula as LaTeX, with `symbols` for the names of parameters."""
        return _latex(self.tree, {name: name for name in VARIABLES} | LATEX_CONSTANTS | {**symbols})


BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}


@dataclass(frozen=True)
class _Reading:
    reader: Reader
    graph: Graph
    values: Mapping[str, Node]
    strict: bool

    def of(self, tree: ast.expr, depth: int) -> Node:
        """Return the node of a part that stands in `depth` others."""
        if depth > MOST_DEPTH:
            self.reader._refuse_depth(self.reader.column(tree))
        # A long sum is a chain of its left sides, which is no depth.
        chain: list[ast.BinOp] = []
        while isinstance(tree, ast.BinOp) and not isinstance(tree.op, ast.Pow):
            chain.append(tree)
            tree = tree.left
        found = self._finite(self._single(tree, depth), tree)
        for part in reversed(chain):
            right = self.of(part.right, depth + 1)
            found = self._finite(self._joined(part.op, found, right), part)
        return found

    def _finite(self, node: Node, tree: ast.expr) -> Node:
        if self.strict and node.op == NUMBER and not math.isfinite(node.value):
            raise FormulaError(NOT_FINITE, column=self.reader.column(tree))
        return node

    def _joined(self, op: ast.operator, left: Node, right: Node) -> Node:
        graph = self.graph
        if isinstance(op, ast.Add):
            return graph.add(left, right)
        if isinstance(op, ast.Sub):
            return graph.sub(left, right)
        if isinstance(op, ast.Mult):
            return graph.mul(left, right)
        return graph.div(left, right)

    def _single(self, tree: ast.expr, depth: int) -> Node:
        graph = self.graph
        if isinstance(tree, ast.BinOp):
            return graph.pow(self.of(tree.left, depth + 1), self.of(tree.right, depth + 1))
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, (ast.UAdd, ast.USub)):
            found = self.of(tree.operand, depth + 1)
            return graph.mul(graph.number(-1.0), found) if isinstance(tree.op, ast.USub) else found
        if isinstance(tree, ast.Constant) and type(tree.value) is float:
            return graph.number(tree.value)
        if isinstance(tree, ast.Name):
            name = tree.id
            return graph.number(CONSTANTS[name]) if name in CONSTANTS else self.values[name]
        assert isinstance(tree, ast.Call)  # as tokens has it
        assert isinstance(tree.func, ast.Name)
        (argument,) = tree.args
        function = _function(tree.func.id)
        assert function is not None
        return graph.call(function, self.of(argument, depth + 1))


# --- Expressions

NUMBER, NAME, ADD, MUL, DIV, POW, SIGN = "number", "name", "+", "*", "/", "**", "sign"


class Node:
    """A part of an expression; equal parts of a graph are one node.

    `args` are older nodes of the graph: the order of the nodes is one in which to compute them.
    """

    __slots__ = ("args", "name", "op", "order", "value")

    def __init__(self, op: str, args: tuple[Node, ...], value: float, name: str, order: int):
        self.op, self.args, self.value, self.name, self.order = op, args, value, name, order


class Graph:
    """Expressions with shared parts, simplified as they are made.

    What is simplified keeps its value but for rounding, and is undefined where it was: a product
    with 0 stays.
    """

    def __init__(self) -> None:
        self._nodes: dict[tuple[object, ...], Node] = {}
        self._slopes: dict[tuple[Node, Node], Node] = {}

    def _node(self, op: str, *args: Node, value: float = 0.0, name: str = "") -> Node:
        # A number's text tells 0 from -0, and is the same for every NaN.
        key = (op, *(arg.order for arg in args), repr(value), name)
        found = self._nodes.get(key)
        if found is None:
            if len(self._nodes) >= MOST_NODES:
                raise FormulaError(TOO_LARGE, column=1)
            found = self._nodes[key] = Node(op, args, value, name, len(self._nodes))
        return found

    def number(self, value: float) -> Node:
        return self._node(NUMBER, value=float(value))

    def name(self, name: str) -> Node:
        return self._node(NAME, name=name)

    def _parts(self, node: Node) -> tuple[float, Node | None]:
        """Return the factor of a node that is a number, and the rest, None for a number."""
        if node.op == NUMBER:
            return node.value, None
        if node.op == MUL and node.args[0].op == NUMBER:
            return node.args[0].value, node.args[1]
        return 1.0, node

    def add(self, a: Node, b: Node) -> Node:
        if a.op == NUMBER and b.op != NUMBER:
            a, b = b, a
        if b.op == NUMBER:
            if a.op == NUMBER:
                return self.number(a.value + b.value)
            if b.value == 0.0:
                return a
            if a.op == ADD and a.args[1].op == NUMBER:
                return self.add(a.args[0], self.number(a.args[1].value + b.value))
            return self._node(ADD, a, b)
        (u, rest), (v, other) = self._parts(a), self._parts(b)
        if rest is other and math.isfinite(u + v) and u + v != 0.0:
            assert rest is not None
            return self.mul(self.number(u + v), rest)
        if a.op == ADD and a.args[1].op == NUMBER:  # numbers last
            return self.add(self.add(a.args[0], b), a.args[1])
        if b.op == ADD and b.args[1].op == NUMBER:
            return self.add(self.add(a, b.args[0]), b.args[1])
        return self._node(ADD, *sorted((a, b), key=lambda node: node.order))

    def sub(self, a: Node, b: Node) -> Node:
        return self.add(a, self.mul(self.number(-1.0), b))

    def mul(self, a: Node, b: Node) -> Node:
        (u, rest), (v, other) = self._parts(a), self._parts(b)
        if rest is None or other is None:
            left = rest or other
            if left is None or u * v == 1.0:
                return left or self.number(u * v)
            return self._node(MUL, self.number(u * v), left)
        product = self._product(rest, other)
        return product if u * v == 1.0 else self.mul(self.number(u * v), product)

    def _product(self, a: Node, b: Node) -> Node:
        (base, m), (other, n) = self._whole(a), self._whole(b)
        if base is other and m > 0 and n > 0:
            return self.power(base, m + n)
        a, b = sorted((a, b), key=lambda node: node.order)
        return self._node(MUL, a, b)

    @staticmethod
    def _whole(node: Node) -> tuple[Node, float]:
        """Return the base and the exponent, a whole number, of a node."""
        if node.op == POW and node.args[1].op == NUMBER and node.args[1].value % 1 == 0:
            return node.args[0], node.args[1].value
        return node, 1.0

    def div(self, a: Node, b: Node) -> Node:
        if b.op == NUMBER:
            if a.op == NUMBER:
                return self.number(_folded(DIV, a.value, b.value))
            if b.value == 1.0:
                return a
        factor, rest = self._parts(a)
        if b.op == NUMBER and rest is not None:
            exact = math.frexp(b.value)[0] in (0.5, -0.5) and math.isfinite(1.0 / b.value)
            if (factor != 1.0 or exact) and b.value != 0.0:
                return self.mul(self.number(factor / b.value), rest)
        if factor == -1.0 and rest is not None:
            return self.mul(self.number(-1.0), self._node(DIV, rest, b))
        return self._node(DIV, a, b)

    def pow(self, a: Node, b: Node) -> Node:
        if b.op == NUMBER:
            return self.power(a, b.value)
        if a.op == NUMBER and a.value == math.e:
            return self.call("exp", b)
        return self._node(POW, a, b)

    def power(self, a: Node, n: float) -> Node:
        if a.op == NUMBER:
            return self.number(_folded(POW, a.value, n))
        if n == 1.0:
            return a
        if n == 0.0:
            return self.number(1.0)
        return self._node(POW, a, self.number(n))

    def call(self, function: str, a: Node) -> Node:
        if a.op == NUMBER:
            return self.number(_folded(function, a.value))
        return self._node(function, a)

    # --- Derivatives

    def derivative(self, node: Node, name: str) -> Node:
        """Return the derivative of an expression with respect to a name."""
        variable, zero = self.name(name), self.number(0.0)
        slopes = self._slopes
        for part in ordered([node]):
            if (part, variable) in slopes:
                continue
            inner = [slopes[arg, variable] for arg in part.args]
            if part is variable:
                slope = self.number(1.0)
            elif all(each is zero for each in inner):
                slope = zero
            else:
                slope = self._slope(part, inner, zero)
            slopes[part, variable] = slope
        return slopes[node, variable]

    def _slope(self, node: Node, inner: list[Node], zero: Node) -> Node:
        """Return the derivative of a node whose arguments have the derivatives `inner`."""
        a, da = node.args[0], inner[0]
        if node.op == ADD:
            return self.add(da, inner[1])
        if node.op == MUL:
            b, db = node.args[1], inner[1]
            parts = [self.mul(p, q) for p, q in ((b, da), (a, db)) if q is not zero]
            return parts[0] if len(parts) == 1 else self.add(*parts)
        if node.op == DIV:
            b, db = node.args[1], inner[1]
            above = da
            if db is not zero:
                fall = self.mul(self.number(-1.0), self.mul(node, db))
                above = fall if da is zero else self.add(da, fall)
            return self.div(above, b)
        if node.op == POW:
            b, db = node.args[1], inner[1]
            parts = []
            if da is not zero:
                less = self.pow(a, self.sub(b, self.number(1.0)))
                parts.append(self.mul(self.mul(b, less), da))
            if db is not zero:
                parts.append(self.mul(self.mul(self.call("log", a), node), db))
            return parts[0] if len(parts) == 1 else self.add(*parts)
        if node.op == "sqrt":
            return self.mul(self.number(0.5), self.div(da, node))
        if node.op == "log":
            return self.div(da, a)
        if node.op in ("asin", "acos", "atan"):
            square = self.power(a, 2.0)
            if node.op == "atan":
                return self.div(da, self.add(square, self.number(1.0)))
            root = self.call("sqrt", self.sub(self.number(1.0), square))
            slope = self.div(da, root)
            return slope if node.op == "asin" else self.mul(self.number(-1.0), slope)
        return self.mul(self._outer(node, a), da)

    def _outer(self, node: Node, a: Node) -> Node:
        """Return the derivative of a function with respect to its argument."""
        if node.op == "exp":
            return node
        if node.op == "sin":
            return self.call("cos", a)
        if node.op == "cos":
            return self.mul(self.number(-1.0), self.call("sin", a))
        if node.op == "sinh":
            return self.call("cosh", a)
        if node.op == "cosh":
            return self.call("sinh", a)
        if node.op == "tan":
            return self.add(self.power(node, 2.0), self.number(1.0))
        if node.op == "tanh":
            return self.sub(self.number(1.0), self.power(node, 2.0))
        if node.op == "abs":
            return self.call(SIGN, a)
        # Of a sign, wherever it has a derivative; the product keeps where that is undefined.
        return self.number(0.0)


def ordered(roots: Iterable[Node]) -> list[Node]:
    """Return all parts of expressions, each before what it is a part of."""
    found: dict[int, Node] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node.order not in found:
            found[node.order] = node
            waiting += node.args
    return [found[order] for order in sorted(found)]


def _sign(value: float) -> float:
    return math.nan if math.isnan(value) else float((value > 0) - (value < 0))


def _folded(op: str, *values: float) -> float:
    """Return the value of numbers, as IEEE 754 has it where Python raises."""
    try:
        if op == DIV:
            return values[0] / values[1]
        if op == POW:
            return math.pow(*values)
        return float(_sign(*values) if op == SIGN else FUNCTIONS[op](*values))
    except (ArithmeticError, ValueError):
        with np.errstate(all="ignore"):
            names = {DIV: "divide", POW: "power"}
            names |= {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
            return float(getattr(np, names.get(op, op))(*map(np.float64, values)))


# --- Writing

LATEX_CONSTANTS = {"pi": r"\pi", "e": "e"}
LATEX_FUNCTIONS = {"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan"}
SUM, PRODUCT, SIGNED, POWER, ATOM = range(5)  # how tightly the parts of a text hold together


def _latex(tree: ast.expr, symbols: Mapping[str, str]) -> str:
    return _latex_of(tree, symbols)[0]


def _latex_of(tree: ast.expr, symbols: Mapping[str, str]) -> tuple[str, int]:
    """Return a part as LaTeX, and how tightly it holds together."""

    def held(part: ast.expr, least: int) -> str:
        text, level = _latex_of(part, symbols)
        return text if level >= least else rf"\left({text}\right)"

    if isinstance(tree, ast.Constant):
        assert isinstance(tree.value, float)
        return _latex_number(tree.value)
    if isinstance(tree, ast.Name):
        return symbols[tree.id], ATOM
    if isinstance(tree, ast.UnaryOp):
        sign = "-" if isinstance(tree.op, ast.USub) else ""
        return f"{sign}{held(tree.operand, SIGNED)}", SIGNED
    if isinstance(tree, ast.Call):
        assert isinstance(tree.func, ast.Name)
        name = _function(tree.func.id) or ""
        inner = _latex(tree.args[0], symbols)
        if name == "sqrt":
            return rf"\sqrt{{{inner}}}", ATOM
        if name == "abs":
            return rf"\left|{inner}\right|", ATOM
        if name == "exp":
            return rf"e^{{{inner}}}", POWER
        return rf"{LATEX_FUNCTIONS.get(name, chr(92) + name)}\left({inner}\right)", ATOM
    assert isinstance(tree, ast.BinOp)
    if isinstance(tree.op, ast.Pow):
        return f"{held(tree.left, ATOM)}^{{{_latex(tree.right, symbols)}}}", POWER
    if isinstance(tree.op, ast.Div):
        return rf"\frac{{{_latex(tree.left, symbols)}}}{{{_latex(tree.right, symbols)}}}", ATOM
    # The left sides of a long sum are a chain.
    pieces: list[str] = []
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub)):
        sign = "-" if isinstance(tree.op, ast.Sub) else "+"
        pieces.append(f" {sign} {held(tree.right, PRODUCT)}")
        tree = tree.left
    if pieces:
        return f"{held(tree, SUM)}{''.join(reversed(pieces))}", SUM
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult):
        right = held(tree.right, POWER)
        pieces.append(rf" \cdot {right}" if right[0].isdigit() else rf"\,{right}")
        tree = tree.left
    return f"{held(tree, SIGNED)}{''.join(reversed(pieces))}", PRODUCT


def _latex_number(value: float) -> tuple[str, int]:
    text = plain(value)
    if "e" not in text:
        return text, ATOM
    digits, exponent = text.split("e")
    return rf"{digits} \cdot 10^{{{int(exponent)}}}", PRODUCT


class Code:
    """Expressions as lines of Python, shared and long parts of which get names of their own.

    `module` has the functions of x and y, and none of the names in `taken` is given to a part.
    """

    LONG = 32  # characters of a part

    def __init__(self, roots: list[Node], module: str, taken: Iterable[str]) -> None:
        self._module, self._texts = module, dict[int, tuple[str, int]]()
        self.lines: list[str] = []
        uses: dict[int, int] = {}
        parts = ordered(roots)
        for arg in (*roots, *(arg for part in parts for arg in part.args)):
            uses[arg.order] = uses.get(arg.order, 0) + 1
        taken, number = {*taken}, 0
        self._moving: set[int] = set()  # what depends on x or y
        for part in parts:
            if part.name in VARIABLES or any(arg.order in self._moving for arg in part.args):
                self._moving.add(part.order)
            text, level = self._text(part)
            shared = uses[part.order] > 1 and part.args and len(text) > 6
            if shared or (len(text) > self.LONG and part not in roots):
                number += 1
                while (name := f"t{number}") in taken:
                    number += 1
                self.lines.append(f"{name} = {text}")
                text, level = name, ATOM
            self._texts[part.order] = text, level
        self.values = [self._texts[root.order][0] for root in roots]
        self.lines.append(f"return {', '.join(self.values)}")

    def _held(self, node: Node, least: int) -> str:
        text, level = self._texts[node.order]
        return text if level >= least else f"({text})"

    def _text(self, node: Node) -> tuple[str, int]:
        if node.op == NUMBER:
            return plain(node.value), ATOM if node.value >= 0 else SIGNED
        if node.op == NAME:
            return node.name, ATOM
        a, b = node.args[0], node.args[-1]
        if node.op == ADD:
            right, level = self._texts[b.order]
            if right.startswith("-") and level > SUM:
                return f"{self._held(a, SUM)} - {right[1:]}", SUM
            return f"{self._held(a, SUM)} + {self._held(b, PRODUCT)}", SUM
        if node.op == MUL:
            if a.op == NUMBER and a.value == -1.0:
                return f"-{self._held(b, SIGNED)}", SIGNED
            return f"{self._held(a, PRODUCT)} * {self._held(b, SIGNED)}", PRODUCT
        if node.op == DIV:
            return f"{self._held(a, PRODUCT)} / {self._held(b, SIGNED)}", PRODUCT
        if node.op == POW:
            return f"{self._held(a, ATOM)}**{self._held(b, SIGNED)}", POWER
        inner = self._texts[a.order][0]
        module = self._module if a.order in self._moving else "math."
        if node.op == SIGN:
            return f"{module}copysign({inner} != 0, {inner})", ATOM
        return f"{'' if node.op == 'abs' else module}{node.op}({inner})", ATOM

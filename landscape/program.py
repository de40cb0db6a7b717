"""Programs: an expression as a list of numbers, which two kernels run at any number of points.

An expression and its derivatives become a straight line of operations on rows of numbers, one of a
row for each point (operations.py). The line is packed into the `params` of the kernels there.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from landscape import operations as ops
from landscape.expression import (
    ADD,
    DIV,
    FUNCTIONS,
    MUL,
    NAME,
    NUMBER,
    POW,
    SIGN,
    TOO_LARGE,
    VARIABLES,
    FormulaError,
    Node,
    ordered,
)

MOST_OPERATIONS = 512
MOST_COST = 1_000  # of the operations of a program, by COSTS
MOST_SQUARED = 64  # exponents up to this are products

OF_FUNCTION = {name: getattr(ops, name.upper()) for name in FUNCTIONS} | {SIGN: ops.SIGN_OF}
# Nanoseconds of one point, about, where that is more than 2.
COSTS = {ops.QUOTIENT: 4, ops.UNDER: 4, ops.OVER: 4, ops.SQRT: 5, ops.POWER_OF: 40, ops.POWER: 40}
COSTS |= dict.fromkeys((ops.EXP, ops.LOG, ops.SIN, ops.COS), 15)
COSTS |= dict.fromkeys((ops.TAN, ops.ASIN, ops.ACOS, ops.ATAN, ops.SINH, ops.COSH, ops.TANH), 25)

Operation = tuple[int, tuple[int, ...], float]  # op, the operations whose values it takes, k


def assemble(first: list[Node], second: list[Node]) -> NDArray[np.float64]:
    """Return the `params` of the kernels: a program for three expressions, and one for three more.

    Raises FormulaError for what would take too long.
    """
    program = _program(first)
    return np.array([1.0 + len(program), *program, *_program(second)])


def cost(params: NDArray[np.float64]) -> int:
    """Return about how many nanoseconds an evaluation of the first program takes."""
    return sum(COSTS.get(int(word) & 63, 2) for word in params[5 : int(params[0]) : 2])


def _program(roots: list[Node]) -> list[float]:
    code = _Code(roots)
    placed, rows = _place(code.operations, code.results)
    if len(placed) > MOST_OPERATIONS:
        raise FormulaError(TOO_LARGE, column=1)
    if sum(COSTS.get(word & 63, 2) for word, _ in placed) > MOST_COST:
        raise FormulaError(TOO_LARGE, column=1)
    return [
        float(len(placed)),
        *map(float, rows),
        *(number for word, k in placed for number in (float(word), k)),
    ]


class _Code:
    """The operations of expressions: the first two are the coordinates; `results` are indices."""

    def __init__(self, roots: list[Node]) -> None:
        self.operations: list[Operation] = [(-1, (), 0.0), (-2, (), 0.0)]
        self._known: dict[tuple[int, tuple[int, ...], str], int] = {}
        self._at: dict[int, int] = {}
        for node in ordered(roots):
            self._at[node.order] = self._of(node)
        self.results = [self._at[root.order] for root in roots]
        self._join()

    def _put(self, op: int, *args: int, k: float = 0.0) -> int:
        key = (op, args, repr(k))
        if key not in self._known:
            if len(self.operations) > 4 * MOST_OPERATIONS:
                raise FormulaError(TOO_LARGE, column=1)
            self._known[key] = len(self.operations)
            self.operations.append((op, args, k))
        return self._known[key]

    def _of(self, node: Node) -> int:
        args = [self._at[arg.order] if arg.op != NUMBER else -1 for arg in node.args]
        if node.op == NUMBER:
            return self._put(ops.FILL, k=node.value)
        if node.op == NAME:
            return VARIABLES.index(node.name)
        if node.op == ADD:
            if args[1] < 0:
                return self._put(ops.SHIFT, args[0], k=node.args[1].value)
            return self._put(ops.SUM, *args)
        if node.op == MUL:
            if args[0] < 0:
                return self._put(ops.SCALE, args[1], k=node.args[0].value)
            return self._put(ops.PRODUCT, *args)
        if node.op == DIV:
            a, b = node.args
            if args[0] < 0:
                return self._put(ops.UNDER, args[1], k=a.value)
            if args[1] < 0:
                one_over = 1.0 / b.value if b.value else math.inf
                if sys.float_info.min < abs(one_over) < math.inf:  # faster, and as exact but for 1
                    return self._put(ops.SCALE, args[0], k=one_over)
                return self._put(ops.OVER, args[0], k=b.value)
            return self._put(ops.QUOTIENT, *args)
        if node.op == POW:
            a, b = node.args
            if args[1] < 0:
                return self._power(args[0], b.value)
            base = args[0] if args[0] >= 0 else self._put(ops.FILL, k=a.value)
            return self._put(ops.POWER, base, args[1])
        return self._put(OF_FUNCTION[node.op], *args)

    def _power(self, a: int, n: float) -> int:
        """Return a power by squaring, where the exponent is a small whole number."""
        if n in (0.5, -0.5):
            root = self._put(ops.SQRT, a)
            return root if n > 0 else self._put(ops.UNDER, root, k=1.0)
        if n % 1 or not 0 < abs(n) <= MOST_SQUARED:
            return self._put(ops.POWER_OF, a, k=n)
        if n < 0:
            return self._put(ops.UNDER, self._power(a, -n), k=1.0)
        found, square, rest = -1, a, int(n)
        while rest:
            if rest % 2:
                found = square if found < 0 else self._put(ops.PRODUCT, square, found)
            rest //= 2
            if rest:
                square = self._put(ops.PRODUCT, square, square)
        return found

    def _join(self) -> None:
        """Make one operation of two, where nothing else takes the value of the first."""
        code = self.operations
        uses = [0] * len(code)
        for index in (*self.results, *(arg for _, args, _ in code for arg in args)):
            uses[index] += 1

        def alone(index: int, op: int) -> bool:
            return uses[index] == 1 and code[index][0] == op

        for i, (op, args, k) in enumerate(code):
            if op == ops.SUM:
                code[i] = self._joined_sum(args[0], args[1], alone)
            elif op == ops.SHIFT and code[args[0]][0] == ops.SCALE and code[args[0]][2] == -1.0:
                code[i] = (ops.BELOW, code[args[0]][1], k)
            elif op == ops.SHIFT and alone(args[0], ops.SUM):
                code[i] = (ops.SUM_SHIFT, code[args[0]][1], k)
            elif op == ops.SHIFT and alone(args[0], ops.PRODUCT):
                code[i] = (ops.PRODUCT_SHIFT, code[args[0]][1], k)
            elif op == ops.SHIFT and alone(args[0], ops.PLUS):
                code[i] = (ops.PLUS_SHIFT, code[args[0]][1], k)
            elif op == ops.SHIFT and alone(args[0], ops.DIFFERENCE):
                code[i] = (ops.DIFFERENCE_SHIFT, code[args[0]][1], k)
            elif op == ops.SCALE and alone(args[0], ops.PRODUCT):
                code[i] = (ops.SCALED, code[args[0]][1], k)

    def _joined_sum(self, a: int, b: int, alone: Callable[[int, int], bool]) -> Operation:
        code = self.operations
        for one, other in ((a, b), (b, a)):
            op, args, k = code[other]
            if op == ops.SCALE and k == -1.0:
                return (ops.DIFFERENCE, (one, args[0]), 0.0)
            if k == -1.0 and alone(other, ops.SCALED):
                return (ops.MINUS, (*args, one), 0.0)
        for one, other in ((a, b), (b, a)):
            if alone(other, ops.SCALE):
                return (ops.ALONG, (one, code[other][1][0]), code[other][2])
            if alone(other, ops.SCALED):
                return (ops.PRODUCT_ALONG, (*code[other][1], one), code[other][2])
        for one, other in ((a, b), (b, a)):
            if alone(other, ops.PRODUCT):
                return (ops.PLUS, (*code[other][1], one), 0.0)
        return (ops.SUM, (a, b), 0.0)


def _place(code: list[Operation], results: list[int]) -> tuple[list[tuple[int, float]], list[int]]:
    """Return operations as words, each with its number, and the rows of the results.

    A word holds the operation, the row that it writes and those that it reads; it never reads the
    one that it writes.
    """
    order = _scheduled(code, results)
    last = {arg: i for i, index in enumerate(order) for arg in code[index][1]}
    last |= dict.fromkeys(results, len(order))
    free, rows = list(range(ops.MOST_ROWS - 1, 1, -1)), {0: 0, 1: 1}
    words: list[tuple[int, float]] = []
    for i, index in enumerate(order):
        op, args, k = code[index]
        if not free:
            raise FormulaError(TOO_LARGE, column=1)
        rows[index] = free.pop()
        word = op | rows[index] << 6
        for place, arg in enumerate(args):
            word |= rows[arg] << 12 + 6 * place
        words.append((word, k))
        free += [rows[arg] for arg in dict.fromkeys(args) if last[arg] == i]
    return words, [rows[index] for index in results]


def _scheduled(code: list[Operation], results: list[int]) -> list[int]:
    """Return the operations that results need, each soon before it is needed."""
    done, order = {0, 1}, []
    for root in results:
        waiting = [root]
        while waiting:
            index = waiting[-1]
            missing = [arg for arg in code[index][1] if arg not in done]
            if index in done or not missing:
                waiting.pop()
                if index not in done:
                    done.add(index)
                    order.append(index)
            else:
                waiting += reversed(missing)
    return order

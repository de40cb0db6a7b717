"""Operations on rows of numbers, and the two kernels that run a program of them.

A program is packed into the `params` of the kernels (program.py), so that a new formula compiles
nothing.
"""

import math

from landscape.compiled import SURFACE_SIGNATURE, kernel, part, stack

MOST_ROWS = 64  # of one program
LANES = 128  # points that are computed together: fewer leave processors idle, more the cache
SCRATCH = MOST_ROWS * LANES

# Operations on rows a, b, c and a number k.
FILL, SUM, DIFFERENCE, PRODUCT, QUOTIENT = range(5)  # k, a + b, a - b, a b, a / b
SHIFT, SCALE, BELOW, UNDER, OVER = range(5, 10)  # a + k, k a, k - a, k / a, a / k
ALONG, SUM_SHIFT, SCALED, PLUS, PRODUCT_SHIFT = range(10, 15)
# a + k b, a + b + k, k (a b), a b + c, a b + k
MINUS, PRODUCT_ALONG, PLUS_SHIFT, DIFFERENCE_SHIFT = range(15, 19)
# c - a b, c + k (a b), a b + c + k, a - b + k
POWER_OF, POWER = 19, 20  # a ** k, a ** b
SQRT, ABS, SIGN_OF, EXP, LOG, SIN, COS, TAN, ASIN, ACOS, ATAN, SINH, COSH, TANH = range(21, 35)


@part
def result(op, a, b, c, k):
    """Return an operation's value at one point."""
    if op == FILL:
        return k
    if op == SUM:
        return a + b
    if op == DIFFERENCE:
        return a - b
    if op == PRODUCT:
        return a * b
    if op == QUOTIENT:
        return a / b
    if op == SHIFT:
        return a + k
    if op == SCALE:
        return k * a
    if op == BELOW:
        return k - a
    if op == UNDER:
        return k / a
    if op == OVER:
        return a / k
    if op == ALONG:
        return a + k * b
    if op == SUM_SHIFT:
        return a + b + k
    if op == SCALED:
        return k * (a * b)
    if op == PLUS:
        return a * b + c
    if op == PRODUCT_SHIFT:
        return a * b + k
    if op == MINUS:
        return c - a * b
    if op == PRODUCT_ALONG:
        return c + k * (a * b)
    if op == PLUS_SHIFT:
        return a * b + c + k
    if op == DIFFERENCE_SHIFT:
        return a - b + k
    if op == SQRT:
        return math.sqrt(a)
    if op == ABS:
        return abs(a)
    if op == SIGN_OF:
        return 1.0 if a > 0.0 else (-1.0 if a < 0.0 else a)
    return slow(op, a, b, k)


@part
def slow(op, a, b, k):
    """Return the value of an operation that is a function of the C library."""
    if op == EXP:
        return math.exp(a)
    if op == LOG:
        return math.log(a)
    if op == SIN:
        return math.sin(a)
    if op == COS:
        return math.cos(a)
    if op == POWER_OF:
        return a**k
    if op == POWER:
        return a**b
    if op == TAN:
        return math.tan(a)
    if op == ASIN:
        return math.asin(a)
    if op == ACOS:
        return math.acos(a)
    if op == ATAN:
        return math.atan(a)
    if op == SINH:
        return math.sinh(a)
    if op == COSH:
        return math.cosh(a)
    return math.tanh(a)


@part
def at_point(x, y, params, at, rows):
    """Run the program that begins at params[at] at one point."""
    rows[0], rows[1] = x[0], y[0]
    for i in range(int(params[at])):
        word, k = int(params[at + 4 + 2 * i]), params[at + 5 + 2 * i]
        a, b, c = rows[word >> 12 & 63], rows[word >> 18 & 63], rows[word >> 24 & 63]
        rows[word >> 6 & 63] = result(word & 63, a, b, c, k)


@part
def at_points(n, params, at, rows):
    """Run the program that begins at params[at] at the n points in the first two rows."""
    for i in range(int(params[at])):
        word, k = int(params[at + 4 + 2 * i]), params[at + 5 + 2 * i]
        op, t = word & 63, (word >> 6 & 63) * LANES
        a, b, c = (
            (word >> 12 & 63) * LANES,
            (word >> 18 & 63) * LANES,
            (word >> 24 & 63) * LANES,
        )
        # A loop for each: what the compiler knows to be one operation it makes of many points.
        if op == FILL:
            for j in range(LANES):
                rows[t + j] = k
        elif op == SUM:
            for j in range(LANES):
                rows[t + j] = rows[a + j] + rows[b + j]
        elif op == DIFFERENCE:
            for j in range(LANES):
                rows[t + j] = rows[a + j] - rows[b + j]
        elif op == PRODUCT:
            for j in range(LANES):
                rows[t + j] = rows[a + j] * rows[b + j]
        elif op == QUOTIENT:
            for j in range(LANES):
                rows[t + j] = rows[a + j] / rows[b + j]
        elif op == SHIFT:
            for j in range(LANES):
                rows[t + j] = rows[a + j] + k
        elif op == SCALE:
            for j in range(LANES):
                rows[t + j] = k * rows[a + j]
        elif op == BELOW:
            for j in range(LANES):
                rows[t + j] = k - rows[a + j]
        elif op == UNDER:
            for j in range(LANES):
                rows[t + j] = k / rows[a + j]
        elif op == OVER:
            for j in range(LANES):
                rows[t + j] = rows[a + j] / k
        elif op == ALONG:
            for j in range(LANES):
                rows[t + j] = rows[a + j] + k * rows[b + j]
        elif op == SUM_SHIFT:
            for j in range(LANES):
                rows[t + j] = rows[a + j] + rows[b + j] + k
        elif op == SCALED:
            for j in range(LANES):
                rows[t + j] = k * (rows[a + j] * rows[b + j])
        elif op == PLUS:
            for j in range(LANES):
                rows[t + j] = rows[a + j] * rows[b + j] + rows[c + j]
        elif op == PRODUCT_SHIFT:
            for j in range(LANES):
                rows[t + j] = rows[a + j] * rows[b + j] + k
        elif op == MINUS:
            for j in range(LANES):
                rows[t + j] = rows[c + j] - rows[a + j] * rows[b + j]
        elif op == PRODUCT_ALONG:
            for j in range(LANES):
                rows[t + j] = rows[c + j] + k * (rows[a + j] * rows[b + j])
        elif op == PLUS_SHIFT:
            for j in range(LANES):
                rows[t + j] = rows[a + j] * rows[b + j] + rows[c + j] + k
        elif op == DIFFERENCE_SHIFT:
            for j in range(LANES):
                rows[t + j] = rows[a + j] - rows[b + j] + k
        elif op == SQRT:
            for j in range(LANES):
                rows[t + j] = math.sqrt(rows[a + j])
        elif op == ABS:
            for j in range(LANES):
                rows[t + j] = abs(rows[a + j])
        elif op == SIGN_OF:
            for j in range(LANES):
                v = rows[a + j]
                rows[t + j] = 1.0 if v > 0.0 else (-1.0 if v < 0.0 else v)
        else:  # one after the other, and none for nobody
            for j in range(n):
                rows[t + j] = slow(op, rows[a + j], rows[b + j], k)
            for j in range(n, LANES):
                rows[t + j] = 1.0


@part
def run(n, x, y, params, at, first, second, third):
    """Run the program that begins at params[at] at n points, and write its three results."""
    rows = stack(SCRATCH)
    u, v, w = int(params[at + 1]), int(params[at + 2]), int(params[at + 3])
    if n == 1:
        at_point(x, y, params, at, rows)
        first[0], second[0], third[0] = rows[u], rows[v], rows[w]
        return
    for begin in range(0, n, LANES):
        count = min(LANES, n - begin)
        for j in range(count):
            rows[j], rows[LANES + j] = x[begin + j], y[begin + j]
        for j in range(count, LANES):  # nobody's, and a number that costs nothing
            rows[j] = rows[LANES + j] = 1.0
        at_points(count, params, at, rows)
        for j in range(count):
            first[begin + j] = rows[u * LANES + j]
            second[begin + j] = rows[v * LANES + j]
            third[begin + j] = rows[w * LANES + j]


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    run(n, x, y, params, 1, loss, gx, gy)


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    run(n, x, y, params, int(params[0]), hxx, hxy, hyy)

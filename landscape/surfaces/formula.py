"""A formula of one's own; this one is shown until another is typed."""

from landscape.formula import Formula

SURFACE = Formula("x**2 + a*x*y + 2*y**2", a=(1, -2, 2))

"""The entries of a matrix that windows made, or their gradients -> one formula that lays windows over whole matrices.

Where windows lie is known (`Graph.slidings`), so that only a few formulas can be meant. One of them is taken where,
worked entry by entry, it is identical to the formulas of the entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.formula.sums import sum_of
from generator.formula.tree import Add, Call, Div, Formula, Mul, Ref, Transpose, num, references
from generator.graph.quantities import Sliding
from generator.graph.windows import Place
from generator.lifting.factors import added
from generator.lifting.lift import Lifter
from generator.lifting.tensors import Rows
from generator.lifting.windowed import sized, slide

_Pair = frozenset[str]


class Slider:
    """What lays windows over the tensors of a lifter; `slidings` say where windows lie."""

    def __init__(self, lifter: Lifter, slidings: Sequence[Sliding]) -> None:
        self.lifter, self.slidings = lifter, slidings
        self.home = {name: tensor for tensor in lifter.tensors.values() for name in tensor.names}

    def formula(self, rows: Rows) -> Formula | None:
        """The formula over tensors that these entries have; `None` where there is none that has windows in it."""
        if not self.slidings:
            return None
        return self._pooled(rows) or self._slid(rows)

    # --- pooling ---

    def _pooled(self, rows: Rows) -> Formula | None:
        first = rows[0][0]
        if not (isinstance(first, Call) and first.name == "max") and not isinstance(first, Div):
            return None
        of = [name for name in references(first) if name in self.home]
        for sliding in self.slidings if of else ():
            _, padding, size, stride, _ = _places(sliding)
            name = "maxpool" if isinstance(first, Call) else "avgpool"
            image = sized("pad", Ref(self.home[of[0]].name), *padding) if any(padding) else Ref(self.home[of[0]].name)
            found = sized(name, image, *size, *stride)
            if self.lifter.proves(found, rows):
                return found
        return None

    # --- sums of products ---

    def _slid(self, rows: Rows) -> Formula | None:
        """A sum over pairs of matrices, one laid over the other, and of what is added to all entries alike."""
        sums = [[_terms(entry) for entry in row] for row in rows]
        pairs = list(dict.fromkeys(p for row in sums for terms in row for term in terms if (p := self._pair(term))))
        made: list[Formula] = []
        for pair in pairs:
            part = tuple(tuple(_sum([t for t in terms if self._pair(t) == pair]) for terms in row) for row in sums)
            found = self._of_pair(pair, part)
            if found is None:
                return None
            made.append(found)
        rest = {tuple(term for term in terms if not self._pair(term)) for row in sums for terms in row}
        if not made or len(rest) > 1:
            return None
        return added([*made, *rest.pop()])

    def _pair(self, term: Formula) -> _Pair | None:
        """The two matrices whose entries a term multiplies."""
        match term:
            case Mul((Ref(one), Ref(other))) if one in self.home and other in self.home:
                return frozenset((self.home[one].name, self.home[other].name))
        return None

    def _of_pair(self, pair: _Pair, rows: Rows) -> Formula | None:
        names = sorted(pair, key=list(self.lifter.tensors).index)
        orders = (names, names[::-1]) if len(names) == 2 else ((names[0], names[0]),)
        for one, other in orders:
            for sliding in self.slidings:
                for found in _candidates(sliding, Ref(one), Ref(other)):
                    if self.lifter.proves(found, rows):
                        return found
        return None

    # --- what goes back to what was flattened ---

    def unstacked(self, rows: Rows) -> Formula | None:
        """A product that is a column, put back into rows and columns."""
        high, wide = len(rows), len(rows[0])
        if high == 1 or wide == 1 or not self.slidings:
            return None
        turned = tuple(zip(*rows, strict=True))
        for grid, by_rows in ((rows, True), (turned, False)):
            column = tuple((entry,) for row in grid for entry in row)
            found = self.lifter.formula(column)
            if found is not None and not isinstance(found, Ref):
                made = Transpose(sized("unvec", found, wide, high)) if by_rows else sized("unvec", found, high, wide)
                if self.lifter.proves(made, rows):
                    return made
        return None


def _places(sliding: Sliding) -> tuple[Place, Place, Place, Place, Place]:
    """Down and across: sizes, padding, the window, the stride, how far apart. What a signal has across it has down."""
    alone = len(sliding.along) == 1
    (n, p, q, k, s, d), across = sliding.along[0], sliding.along[-1]
    down = (1, 0, 0, 1, s, d) if alone else (n, p, q, k, s, d)
    size, padding, _, window, stride, apart = zip(down, across, strict=True)
    return size, padding, window, stride, apart


def _candidates(sliding: Sliding, one: Formula, other: Formula) -> Iterator[Formula]:
    """What windows can make of two matrices: the maps, the gradient of the filter, and that of the image."""
    size, padding, window, stride, apart = _places(sliding)
    reach = tuple(d * (k - 1) for d, k in zip(apart, window, strict=True))
    left = tuple((n + 2 * p - r - 1) % s for n, p, r, s in zip(size, padding, reach, stride, strict=True))
    rest = (0, 0) if sliding.back else left
    padded = sized("pad", one, *padding)
    for name, back in (("correlate", "convolve"), ("convolve", "correlate")):
        weights = sized("dil", other, *apart, 0, 0)
        yield slide(name, padded, weights, stride)
        around = tuple(r - p for r, p in zip(reach, padding, strict=True))
        yield slide(back, sized("pad", sized("dil", one, *stride, *rest), *around), weights)
    gradient = slide("correlate", padded, sized("dil", other, *stride, *rest), apart)
    yield gradient
    yield Call("rot", (gradient,))


def _terms(entry: Formula) -> tuple[Formula, ...]:
    return entry.terms if isinstance(entry, Add) else () if entry == num(0) else (entry,)


def _sum(terms: list[Formula]) -> Formula:
    return num(0) if not terms else sum_of(terms)

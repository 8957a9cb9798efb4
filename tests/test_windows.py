"""Windows cover what a loop over a padded image covers, and names follow the order of reading."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generator.graph.windows import Maps, Windows, named

sides = st.tuples(st.integers(1, 6), st.integers(1, 6))


few, none = st.tuples(st.integers(1, 3), st.integers(1, 3)), st.tuples(st.integers(0, 2), st.integers(0, 2))


@given(sides, few, sides, none, few)
def test_windows_are_those_of_a_padded_image(
    shape: tuple[int, int],
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
) -> None:
    windows = Windows(shape, size, stride, padding, dilation)
    starts = [
        range(0, side + 2 * more - apart * (one - 1), step)
        for side, more, one, step, apart in zip(shape, padding, size, stride, dilation, strict=True)
    ]
    if not all(starts):
        assert min(windows.count) < 1
        return
    assert windows.count == (len(starts[0]), len(starts[1]))
    for i, top in enumerate(starts[0]):
        for j, left in enumerate(starts[1]):
            wanted = [
                ((a, b), (top + a * dilation[0] - padding[0], left + b * dilation[1] - padding[1]))
                for a in range(size[0])
                for b in range(size[1])
                if 0 <= top + a * dilation[0] - padding[0] < shape[0]
                and 0 <= left + b * dilation[1] - padding[1] < shape[1]
            ]
            assert list(windows.at((i, j))) == wanted


def test_names_say_channel_row_and_column() -> None:
    assert named("x", 1, (1, 3), 1).entries == ("x_1", "x_2", "x_3")
    assert named("x", 2, (1, 2), 1).entries == ("x_1_1", "x_1_2", "x_2_1", "x_2_2")
    assert named("x", 1, (2, 2), 2).entries == ("x_1_1", "x_1_2", "x_2_1", "x_2_2")
    assert named("x", 2, (1, 1), 2).entries == ("x_1_1_1", "x_2_1_1")
    assert named("y", 1, (1, 1), 0).entries == ("y",)


def test_flattening_reads_rows_or_columns() -> None:
    maps = Maps(((("a", "b"), ("c", "d")), (("e", "f"), ("g", "h"))), 2)
    assert maps.flattened().entries == tuple("abcdefgh")
    assert maps.flattened(by_columns=True).entries == tuple("acbdegfh")
    assert str(maps) == "2 channels of 2 by 2 entries"

"""The diagram of quantities gathered into nodes: edges where formulas read, the weights on them, and what is cut."""

from __future__ import annotations

from typing import Any

import pytest

from generator.formula.infix import parse
from generator.formula.tree import references
from generator.graph.quantities import Diagram, Label, Quantity, Role, Tensor
from generator.kinds.recurrent.kind import Definition, build
from generator.kinds.recurrent.unfolding import Gathered, unfolded


def quantities(**formulas: str) -> list[Quantity]:
    made: list[Quantity] = []
    for name, text in formulas.items():
        formula = parse(text)
        for used in references(formula):
            if used not in [quantity.name for quantity in made]:
                made.append(Quantity(used, Role.GIVEN, Label("given", used)))
        made.append(Quantity(name, Role.FORWARD, Label("value", name), formula))
    return made


def diagram_of(**more: Any) -> Diagram:
    data = {"kind": "recurrent", "title": "made", "inputs": ["1", "0"], "targets": {"2": "1"}, **more}
    made = build(Definition.model_validate(data)).diagram
    assert made is not None
    return made


def arrows(diagram: Diagram) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(edge.start, edge.end): edge.labels for edge in diagram.edges}


def test_an_edge_goes_through_whatever_is_computed_between() -> None:
    made = quantities(a="w * x + b", p="r * a", h="tanh(p) + u * x", y="v * h")
    nodes = [Gathered(((name,),), 0, row, "hidden") for row, name in enumerate("xhy")]
    found = unfolded(nodes, made, ("u", "v", "w"), ())
    assert arrows(found) == {("x", "h"): ("u", "w"), ("h", "y"): ("v",)}


def test_entries_are_one_node_and_one_matrix() -> None:
    made = quantities(h_1="W_1_1 * x_1 + W_1_2 * x_2", h_2="W_2_1 * x_1 + W_2_2 * x_2")
    weights = ("W_1_1", "W_1_2", "W_2_1", "W_2_2")
    tensors = [
        Tensor("W:", Label("tensor", "W"), (weights[:2], weights[2:])),
        Tensor("x:", Label("tensor", "x"), (("x_1",), ("x_2",))),
    ]
    nodes = [Gathered((("x_1", "x_2"),), 0, 0, "input"), Gathered((("h_1", "h_2"),), 0, 1, "hidden")]
    found = unfolded(nodes, made, weights, tensors)
    assert arrows(found) == {("x:", "h_1"): ("W:",)}  # nothing is said of h as a whole


def test_a_way_without_a_weight_has_no_label_and_a_cut_one_says_so() -> None:
    made = quantities(held="h", k="u * held", y="h + k")
    found = unfolded(
        [Gathered((("h",),), 0, 0, "hidden"), Gathered((("k",),), 1, 0, "hidden")], made, ("u",), (), ["held"]
    )
    (edge,) = found.edges
    assert (edge.labels, edge.cut) == (("u",), True)
    (plain,) = unfolded([Gathered((("held",),), 0, 0, "x"), Gathered((("h",),), 0, 1, "x")], made, (), ()).edges
    assert (plain.start, plain.end, plain.labels, plain.cut) == ("h", "held", (), False)


# --- recurrent networks ---


def test_an_elman_network_step_by_step() -> None:
    found = diagram_of(weights={"w": "1", "u": "1", "v": "1"})
    assert arrows(found) == {
        ("x_t1", "h_t1"): ("w",), ("h_t0", "h_t1"): ("u",), ("x_t2", "h_t2"): ("w",), ("h_t1", "h_t2"): ("u",),
        ("h_t2", "y_t2"): ("v",),
    }  # fmt: skip
    assert {(node.name, node.column, node.row) for node in found.nodes} == {
        ("h_t0", 0, 1), ("x_t1", 1, 0), ("h_t1", 1, 1), ("x_t2", 2, 0), ("h_t2", 2, 1), ("y_t2", 2, 2),
    }  # fmt: skip


@pytest.mark.parametrize(("cell", "gates"), [("lstm", "ifgo"), ("gru", "rzn")])
@pytest.mark.parametrize("reset", ["before", "after"])
def test_a_cell_with_gates_is_one_node_whose_arrows_have_all_its_matrices(cell: str, gates: str, reset: str) -> None:
    found = diagram_of(cell=cell, reset=reset, weights={f"{m}_{gate}": "1" for m in "wu" for gate in gates})
    assert arrows(found)["x_t1", "h_t1"] == tuple(f"w_{gate}" for gate in gates)
    assert arrows(found)["h_t1", "h_t2"] == tuple(f"u_{gate}" for gate in gates)
    node = next(node for node in found.nodes if node.name == "h_t1")
    assert node.others == (("c_t1",) if cell == "lstm" else ())
    assert all(edge.start != edge.end for edge in found.edges)


def test_both_directions_point_both_ways() -> None:
    weights = {f"{m}_{end}": "1" for m in "wuv" for end in ("fwd", "bwd")}
    found = arrows(diagram_of(direction="both", weights=weights))
    assert found["h_fwd_t1", "h_fwd_t2"] == ("u_fwd",)
    assert found["h_bwd_t2", "h_bwd_t1"] == ("u_bwd",)
    assert found["h_bwd_t3", "h_bwd_t2"] == ("u_bwd",)
    assert found["h_fwd_t2", "y_t2"] == ("v_fwd",)
    assert found["h_bwd_t2", "y_t2"] == ("v_bwd",)


def test_a_fed_back_output_has_the_weights_of_an_input() -> None:
    found = arrows(diagram_of(inputs=["1"], length="2", weights={"w": "1", "u": "1", "v": "1"}))
    assert found["y_t1", "h_t2"] == ("w",)
    assert found["x_t1", "h_t1"] == ("w",)


def test_only_the_ways_past_a_truncation_are_cut() -> None:
    found = diagram_of(inputs=["1", "1", "1"], truncate="2", weights={"w": "1", "u": "1"})
    assert [(edge.start, edge.end) for edge in found.edges if edge.cut] == [("h_t2", "h_t3")]


def test_too_many_steps_are_not_drawn() -> None:
    data = {"kind": "recurrent", "title": "t", "weights": {"w": "1", "u": "1"}}
    for steps, drawn in ((6, True), (7, False)):
        made = build(Definition.model_validate({**data, "inputs": ["1"] * steps}))
        assert (made.diagram is not None) is drawn

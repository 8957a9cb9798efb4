"""Closing checks: what always holds is found, printed and read back; what does not hold is not printed as if it did."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.definitions.problem import Definition, kind_module
from generator.definitions.source import Source
from generator.formula.infix import infix
from generator.pipeline import Worked, load_worked, work
from generator.publish.artifacts import truth_of
from generator.render.document import render
from generator.render.formats import FORMATS
from generator.verify.document import Report, verify

FEW = settings(max_examples=10)
READ = tuple(name for name in FORMATS if name != "terminal")
PROBLEMS = Path(__file__).resolve().parents[1] / "problems"


def made(formulas: dict[str, str], givens: dict[str, Any], **more: Any) -> Worked:
    data = {"kind": "formulas", "title": "made", "givens": givens, "formulas": formulas, **more}
    module = kind_module("formulas")
    problem = module.Definition.model_validate(data)
    assert not list(module.check(problem)), data
    return work(Definition(problem=problem, source=Source(Path("made.yml"), data, {})))


def found(worked: Worked, code: str) -> list[str]:
    """The checks with a code, as they are written in formulas."""
    return [
        f"{infix(check.left)} {check.relation} {infix(check.right)}"
        for check in worked.graph.checks
        if check.code == code
    ]


def read_back(worked: Worked, text: str, text_format: str) -> Report:
    return verify(text, text_format, truth_of(worked), worked.history)


def demand_true(worked: Worked, formats: Sequence[str] = READ) -> None:
    for text_format in formats:
        report = read_back(worked, render(worked, "solution", text_format, "en"), text_format)
        assert not report.untrue, (text_format, report.untrue[:2])
        assert report.checked > 3


# --- softmax -------------------------------------------------------------------------------------------------------

numbers = st.integers(-40, 40).map(lambda n: str(n / 10))


@FEW
@given(st.lists(numbers, min_size=2, max_size=5))
def test_every_softmax_of_formulas_sums_to_one(inputs: list[str]) -> None:
    own = {
        "p": "softmax(z)",
        "e": "[exp(z[i]) for i in 1..len(z)]",
        "s": "sum(e)",
        "q": "e / s",
        "r": "[exp(z[i]) / sum(exp(z[j]) for j in 1..len(z)) for i in 1..len(z)]",
    }
    worked = made(own, {"z": inputs})
    sums = [" + ".join(f"{name}_{n}" for n in range(1, len(inputs) + 1)) for name in "pqr"]
    assert found(worked, "softmax") == [f"{total} = 1" for total in sums]
    demand_true(worked, ("markdown",))


def test_shares_that_are_no_softmax_are_not_said_to_be_one() -> None:
    own = {"e": "[exp(z[1]), exp(z[2])]", "s": "e[1] + e[2] + 1", "q": "e / s", "u": "z / sum(z)"}
    assert found(made(own, {"z": ["1", "2"]}), "softmax") == []
    one_of_two = {"e": "[exp(z[1]), exp(z[2])]", "s": "sum(e)", "q": "e[1] / s"}
    assert found(made(one_of_two, {"z": ["1", "2"]}), "softmax") == []


def test_the_first_softmax_of_each_family_is_checked() -> None:
    heads = load_worked(PROBLEMS / "attention" / "two_heads.yml")
    assert found(heads, "softmax") == ["A_1_1_h1 + A_1_2_h1 = 1"]
    masked = load_worked(PROBLEMS / "attention" / "causal_mask.yml")
    assert found(masked, "softmax") == ["A_3_1 + A_3_2 + A_3_3 = 1"]
    network = load_worked(PROBLEMS / "losses" / "softmax_cross_entropy.yml")
    assert found(network, "softmax") == ["out_o1 + out_o2 + out_o3 = 1"]


def test_what_is_claimed_is_not_said_twice() -> None:
    worked = made({"p": "softmax(z)"}, {"z": ["1", "2"]}, claims=["p_1 + p_2 == 1"])
    assert found(worked, "softmax") == []
    assert found(worked, "claim") == ["p_1 + p_2 = 1"]


@pytest.mark.parametrize("text_format", READ)
def test_a_wrong_sum_is_found(text_format: str) -> None:
    worked = made({"p": "softmax(z)"}, {"z": ["1", "2"]})
    text = render(worked, "solution", text_format, "en")
    assert not read_back(worked, text, text_format).untrue
    place = text.rindex("1.0000")  # what the sum comes to
    wrong = text[:place] + "0.9999" + text[place + 6 :]
    assert len(read_back(worked, wrong, text_format).untrue) == 1


# --- entropy -------------------------------------------------------------------------------------------------------


@FEW
@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), st.sampled_from(["log", "log2", "log10"]))
def test_an_entropy_lies_between_nothing_and_the_logarithm_of_its_classes(counts: list[int], name: str) -> None:
    formulas = {
        "p": "n / sum(n)",
        "H": f"-sum(p[i] * {name}(p[i]) for i in 1..len(p))",
        "I": f"sum(-p[i] * {name}(p[i]) for i in 1..len(p))",
    }
    worked = made(formulas, {"n": list(map(str, counts))})
    limit = f"{name}({len(counts)})"
    assert found(worked, "entropy") == ["0 ≤ H", f"H ≤ {limit}", "0 ≤ I", f"I ≤ {limit}"]
    largest = {"log": math.log, "log2": math.log2, "log10": math.log10}[name](len(counts))
    assert 0 <= float(worked.trace.full("H", 20)) <= largest + 1e-12
    demand_true(worked, ("latex",))


def test_an_entropy_may_be_the_largest_there_is() -> None:
    """No precision tells log 3 from the entropy of three equal shares: that counts as not more."""
    worked = made({"H": "-(p[1]*log(p[1]) + p[2]*log(p[2]) + p[3]*log(p[3]))"}, {"p": ["1/3", "1/3", "1/3"]})
    assert found(worked, "entropy") == ["0 ≤ H", "H ≤ log(3)"]
    demand_true(worked)


@pytest.mark.parametrize(
    "formula",
    [
        "-(p[1]*log(q[1]) + p[2]*log(q[2]))",  # a cross-entropy has no such bound
        "p[1]*log(p[1]) + p[2]*log(p[2])",
        "-(p[1]*log(p[1]) + p[2]*log2(p[2]))",
        "-(p[1]*log(p[1]) + p[1]*log(p[1]))",  # shares that add up to another number
        "-p[1]*log(p[1])",
    ],
)
def test_what_is_no_entropy_is_not_said_to_have_its_bounds(formula: str) -> None:
    assert found(made({"H": formula}, {"p": ["0.2", "0.8"], "q": ["0.5", "0.5"]}), "entropy") == []


@pytest.mark.parametrize("text_format", READ)
def test_a_comparison_the_wrong_way_round_is_found(text_format: str) -> None:
    worked = load_worked(PROBLEMS / "others" / "tree_split_entropy.yml")
    text = render(worked, "solution", text_format, "en")
    assert not read_back(worked, text, text_format).untrue
    sign = {"markdown": "\\le ", "latex": "\\le ", "typst": "<= ", "web": "≤"}[text_format]
    other = {"markdown": "\\ge ", "latex": "\\ge ", "typst": ">= ", "web": "≥"}[text_format]
    assert text.count(sign) > 4
    start = text.index("An entropy is")
    place = text.index(sign, start)
    wrong = text[:place] + other + text[place + len(sign) :]
    assert len(read_back(worked, wrong, text_format).untrue) == 1

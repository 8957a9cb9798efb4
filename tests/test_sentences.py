"""What stands before the lines of a solution: in the number of what it is about, once, and no riddle."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from shipped import SAMPLE

from generator.derive.equations import Equations
from generator.errors import NotationError
from generator.formula.tree import Call
from generator.graph.families import computed_families
from generator.learning.biases import bias_conventions
from generator.pipeline import load_worked
from generator.reading.latex import read_latex
from generator.reading.mathml import read_mathml
from generator.reading.normal import normal
from generator.reading.typst import read_typst
from generator.render.document import render
from generator.render.language import language_names
from generator.render.paper import Paper
from generator.typeset.boxes import HAT, Digits, Script, Word, symbol
from generator.typeset.latex import latex
from generator.typeset.mathml import mathml
from generator.typeset.typst import typst
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth
from generator.views.gathered import gathered

ROOT = Path(__file__).resolve().parents[1] / "problems"
ANY_NUMBER = {"steps.formula", "steps.after_formula"}  # these say the same of one number and of many


@pytest.mark.parametrize(
    "problem",
    ["attention/attention_by_hand", "attention/small_block", "batches/batch_norm", "networks/dropout_mask",
     "recurrence/character_model", "others/k_means"],
)  # fmt: skip
def test_what_is_said_of_a_matrix_is_said_of_many(problem: str) -> None:
    """No sentence about a single entry, as "the score", stands before a whole matrix."""
    worked = load_worked(ROOT / f"{problem}.yml", "matrix")
    setter = Paper(worked, "markdown", "en").setter
    steps = [step for section in worked.sections() for step in section.walk() if section.code != "matrices"]
    made = [
        step
        for step in steps
        if step.full and step.target in worked.graph.tensor and not step.rule.startswith(("check_", "softmax_rule"))
    ]
    codes = {setter._rule(step.rule) for step in made if len(worked.graph.tensor[step.target].names) > 1}
    assert codes
    assert {code for code in codes if "matrix_" not in code} <= ANY_NUMBER


def test_a_run_of_steps_says_its_sentence_once() -> None:
    text = render(load_worked(ROOT / "attention" / "attention_by_hand.yml"), "solution", "terminal")
    for sentence in ("How well does the query fit the key?", "The exponential of the score", "Each exponential over"):
        assert text.count(sentence) == 1
    assert "S_(1,2) = (Q_(1,1) · K_(2,1) + Q_(1,2) · K_(2,2))/√(2) = (1 · 0 + 0 · 2)/√(2) = 0" in text


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.stem)
@pytest.mark.parametrize("detail", ["all", "first"])
def test_no_sentence_says_what_the_one_before_has_said(path: Path, detail: str) -> None:
    worked = load_worked(path)
    setter = Paper(worked, "markdown", "en").setter
    for section in worked.sections(detail):
        said = [(block.sentence, block.depth) for block in setter.blocks(section) if block.sentence]
        assert not [one for one, other in pairwise(said) if one == other]


def test_what_is_named_has_a_sentence_of_its_own(tmp_path: Path) -> None:
    """Only entries of one thing make a run: two sums of other names do not."""
    path = tmp_path / "sums.yml"
    path.write_text(
        "kind: formulas\ntitle: Sums\ngivens: {x: [1, 2], y: [3, 5]}\ndetail: all\n"
        'formulas: {m: "x[1] + x[2]", n: "y[1] + y[2]", v: x - y}\n',
        encoding="utf-8",
    )
    text = render(load_worked(path), "solution", "terminal")
    for said, count in (("We work out m:", 1), ("We work out n:", 1), ("We work out v₁:", 1), ("We work out v₂:", 0)):
        assert text.count(said) == count


KERNEL = """kind: formulas
title: A kernel
givens: {{x: [0, 1]}}
formulas:
  s: x[1] + 2
  K: "[[exp(-(x[i] - x[j])**2) + s * (i == j) for j in 1..2] for i in 1..2]"
{say}"""


@pytest.mark.parametrize("said", ["", "The kernel of every pair:"], ids=["rule", "own"])
@pytest.mark.parametrize("notation", ["default", "matrix"])
@pytest.mark.parametrize("document", ["solution", "guided", "faded", "open"])
def test_a_sentence_stands_before_the_first_entry(tmp_path: Path, document: str, notation: str, said: str) -> None:
    """Though the entry of the diagonal shows least of how the others are worked, and the second is worked in full."""
    path = tmp_path / "kernel.yml"
    path.write_text(KERNEL.format(say=f'say: {{K: "{said}"}}' if said else ""), encoding="utf-8")
    worked = load_worked(path, notation)
    level = {} if document == "solution" else {"level": document}
    text = render(worked, "worksheet" if level else document, "terminal", **level)
    words = said or "We work out K:"
    if document == "open" and not said:  # which states the formula of an entry, and asks for all of them
        assert "We work out" not in text
        return
    assert text.count(words) == 1
    assert "We work out K_" not in text
    sentence, first = text.index(words), text.index("K_(1,")
    assert sentence < first
    assert not text[sentence + len(words) : first].strip()
    others = text[text.index("The computation") :].replace(words, "")
    assert others.count("K_(1,1) =") == 1
    assert others.index("K_(1,1) =") < others.index("K_(1,2) =") < others.index("K_(2,1) =")


def test_what_is_worked_in_matrices_is_worked_in_full_though_its_first_entry_is_odd(tmp_path: Path) -> None:
    path = tmp_path / "kernel.yml"
    said = "The kernel of every pair:"
    path.write_text(KERNEL.replace(" + s * (i == j)", "").format(say=f'say: {{K: "{said}"}}'), encoding="utf-8")
    text = render(load_worked(path, "matrix"), "solution", "terminal")
    before, _, after = text.partition(said)
    assert "K =" not in before
    assert after.strip().startswith("K = e^")
    assert after.split("##")[0].count("\n      = ") == 2


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_matrix_that_has_been_worked_is_shown_as_a_whole(format_name: str) -> None:
    worked = load_worked(ROOT / "attention" / "attention_by_hand.yml")
    truth = Truth.of(worked.graph, worked.writer, worked.trace.rounding)
    text = render(worked, "solution", format_name)
    assert not verify(text, format_name, truth).untrue
    names = [family.label.name for family in computed_families(worked.graph)]
    assert names == ["S", "R", "A", "C"]
    entry = worked.trace.shown["C_3_1"]
    place = text.rindex(entry)
    planted = text[:place] + entry.replace("6", "5", 1) + text[place + len(entry) :]
    assert verify(planted, format_name, truth).untrue


def test_worksheets_and_short_matrices_show_no_whole() -> None:
    worked = load_worked(ROOT / "attention" / "attention_by_hand.yml")
    steps = [step for section in worked.sections() for step in section.walk()]
    assert not any(step.grid for step in steps)
    made = [gathered(worked, section) for section in worked.sections()]
    assert [step.grid.label.name for section in made for step in section.steps if step.grid] == ["S", "R", "A", "C"]
    matrices = load_worked(ROOT / "attention" / "attention_by_hand.yml", "matrix")
    assert all(gathered(matrices, section) is section for section in matrices.sections())


def test_later_steps_show_their_numbers_where_a_line_has_room() -> None:
    text = render(load_worked(ROOT / "recurrence" / "lstm_two_steps.yml"), "solution", "terminal")
    assert "a_f⁽²⁾ = w_f x⁽²⁾ + u_f h⁽¹⁾ + b_f = 0(0) + 1(0.2528) + 1 = 1.2528" in text
    assert "c⁽²⁾′ = f⁽²⁾′c⁽¹⁾′ + i⁽²⁾′g⁽²⁾′ = 0.7928(0.6519) + 0.2746(−0.0492) = 0.5033" in text


def test_long_sums_stay_short() -> None:
    """With more than six operands, or where the line would be too long, a later one goes without its numbers."""
    worked = load_worked(ROOT / "others" / "principal_components.yml")
    names = {"a": 10, "s_2": 4}
    equations = Equations(worked.graph, worked.trace, worked.writer)
    kinds = {name: [part.kind for part in equations.of(name, full=False).parts] for name in names}
    assert kinds == {"a": ["formula", "result"], "s_2": ["formula", "numbers", "result"]}
    setter = Paper(worked, "terminal", "en").setter
    brief = equations.of("s_2", full=False)
    (line,) = setter.rows(brief, compact=True)
    assert line.right == "u₂ · e₁ + v₂ · e₂ = 0 · 0.4472 + 0 · 0.8944 = 0"
    long = replace(brief, left=Call("max", (brief.left,) * 8))
    (line,) = setter.rows(long, compact=True)
    assert line.right == "u₂ · e₁ + v₂ · e₂ = 0"


# --- closing checks ---------------------------------------------------------------------------------------------------


def checks_of(problem: str) -> str:
    return render(load_worked(ROOT / f"{problem}.yml"), "solution", "terminal").partition("## Checks")[2]


def test_a_claim_stands_on_one_line_with_its_values() -> None:
    said = checks_of("others/principal_components")
    assert "λ₁ · λ₂ = 7 · 2 = 14 = a · c − b²" in said
    assert "a · e₁ + b · e₂ = 3 · 0.4472 + 2 · 0.8944 ≈ 3.1305 ≈ λ₁ · e₁" in said
    said = checks_of("measures/confusion_matrix")
    assert "These have to hold, and they do:" in said
    assert "F₁ ≈ 0.7143 ≤ 1" in said
    assert "0 ≤ I₁ ≈ 0.8113 ≤ log₂(2) = 1" in checks_of("others/tree_split_entropy")


@pytest.mark.parametrize(
    ("true", "planted"),
    [
        (r"= 14 = a \cdot c - b^2", r"= 14 \approx a \cdot c - b^2"),
        (r"= 14 = a \cdot c - b^2", r"= 14 = a \cdot c - c^2"),
        (r"= 14 = a \cdot c - b^2", r"= 15 = a \cdot c - b^2"),
        (r"\approx 3.1305 \approx \lambda_1 \cdot e_1", r"\approx 3.1305 = \lambda_1 \cdot e_1"),
    ],
)
def test_a_claims_line_is_read_back(true: str, planted: str) -> None:
    worked = load_worked(ROOT / "others" / "principal_components.yml")
    truth = Truth.of(worked.graph, worked.writer, worked.trace.rounding)
    text = render(worked, "solution", "markdown")
    assert true in text
    assert not verify(text, "markdown", truth).untrue
    assert verify(text.replace(true, planted), "markdown", truth).untrue


@pytest.mark.parametrize(
    ("true", "planted"),
    [(r"F_3 &= 0.8 \le 1", r"F_3 &= 0.7 \le 1"), (r"F_3 &= 0.8 \le 1", r"F_3 &= 0.8 \ge 1"),
     (r"F_1 &\approx 0.7143 \le 1", r"F_1 &= 0.7143 \le 1"), (r"F_3 &= 0.8 \le 1", r"F_3 &= 0.8 \le 0")],
)  # fmt: skip
def test_a_comparison_with_its_value_is_read_back(true: str, planted: str) -> None:
    worked = load_worked(ROOT / "measures" / "confusion_matrix.yml")
    truth = Truth.of(worked.graph, worked.writer, worked.trace.rounding)
    text = render(worked, "solution", "markdown")
    assert true in text
    assert not verify(text, "markdown", truth).untrue
    assert verify(text.replace(true, planted), "markdown", truth).untrue


@pytest.mark.parametrize("problem", ["optimizers/adam_three_steps", "recurrence/lstm_two_steps", "others/newton_sqrt2"])
def test_the_check_of_a_gradient_says_what_it_computes(problem: str) -> None:
    """No letter that is defined nowhere, and nothing that only a network has."""
    said = checks_of(problem)
    assert "larger by 0.1" in said
    assert "h)" not in said.partition("smaller")[2]
    assert "forward pass" not in said


# --- optimizers -------------------------------------------------------------------------------------------------------


def test_what_belongs_to_one_update_has_one_number() -> None:
    text = render(load_worked(ROOT / "optimizers" / "adam_three_steps.yml"), "solution", "terminal")
    assert "m̂_w1^[1] = m_w1^[1]/(1 − β₁^(k^[1]))" in text
    assert "s\u0302_w1^[3] = s_w1^[3]/(1 − β₂^(k^[3])) = 0.4530/(1 − 0.75³) ≈ 0.7835" in text
    assert "mhat" not in text
    assert "shat" not in text
    rates = render(load_worked(ROOT / "optimizers" / "rate_schedule.yml"), "solution", "terminal")
    assert "η_k^[1]" in rates


@pytest.mark.parametrize(
    ("format_name", "hat"),
    [("markdown", r"\hat{m}_{"), ("latex", r"\hat{m}_{"), ("typst", "hat(m)_("), ("terminal", "m̂_"),
     ("web", '<mover accent="true"><mi>m</mi><mo stretchy="false">^</mo></mover>')],
)  # fmt: skip
def test_an_unbiased_mean_has_a_hat_in_every_format(format_name: str, hat: str) -> None:
    worked = load_worked(ROOT / "optimizers" / "adam_three_steps.yml")
    text = render(worked, "solution", format_name)
    assert hat in text
    if format_name in FORMATS:
        truth = Truth.of(worked.graph, worked.writer, worked.trace.rounding)
        assert not verify(text, format_name, truth, worked.history).untrue
        assert verify(text.replace(hat, hat.replace("m", "q", 1)[: len(hat)]), format_name, truth).untrue


@pytest.mark.parametrize("bold", [False, True])
def test_a_hat_is_read_as_it_is_written(bold: bool) -> None:
    box = Word("m" + HAT, bold=bold)
    assert symbol(r"\hat{m}") == Word("m" + HAT)
    assert symbol(r"\hat{\eta}_1") == Script(Word("η" + HAT), Digits("1"))
    for write, read in ((latex, read_latex), (typst, read_typst), (_math, read_mathml)):
        (line,) = read(write(box))
        assert box in (normal(line.left), normal(line.right))
    with pytest.raises(NotationError):
        symbol(r"\hat{ab}")


def _math(box: Word) -> str:
    return f"<math>{mathml(box)}</math>"


# --- tables and givens ------------------------------------------------------------------------------------------------


def test_training_counts_updates() -> None:
    """Three worked updates again and again: the columns are 0, 3, 15 and 30 updates, and a count is a whole number."""
    worked = load_worked(ROOT / "optimizers" / "adam_three_steps.yml")
    text = render(worked, "solution", "markdown")
    header, rows = text.partition("| Updates | $0$ |")[1:][0], text.partition("| Updates | $0$ |")[2]
    assert header
    assert rows.startswith(" $3$ | $15$ | $30$ |")
    assert worked.history is not None
    counted = [worked.trace.rounding.text(row["k"]) for row in worked.history.rows.values()]
    assert counted == ["0", "3", "15", "30"]
    assert "teration" not in text
    truth = Truth.of(worked.graph, worked.writer, worked.trace.rounding)
    assert not verify(text, "markdown", truth, worked.history).untrue
    for planted in (" $4$ | $15$ |", " $6$ | $15$ |"):
        lie = text.replace(" $3$ | $15$ |", planted, 1)
        assert lie != text
        assert verify(lie, "markdown", truth, worked.history).untrue


def test_optimizers_with_a_memory_do_not_step_against_the_gradient() -> None:
    for name, said in (("adam_three_steps", True), ("momentum_three_steps", True), ("rate_schedule", False)):
        text = render(load_worked(ROOT / "optimizers" / f"{name}.yml"), "solution", "terminal")
        assert ("takes its step:" in text) == said
        assert ("takes a step against its gradient" in text) != said


def test_givens_stand_in_a_row_for_each_list() -> None:
    text = render(load_worked(ROOT / "others" / "adaboost_round.yml"), "solution", "terminal")
    said = text.partition("## What is given")[2].partition("Conventions")[0].strip().splitlines()
    assert [line.split()[0] for line in said] == ["Numbers", "h₁", "w₁"]
    tables = render(load_worked(ROOT / "others" / "k_means.yml"), "solution", "terminal")
    assert tables.count("Given") == 0


def test_a_given_matrix_stands_once() -> None:
    """In matrices, what the givens show as a grid is not shown again."""
    text = render(load_worked(ROOT / "attention" / "attention_by_hand.yml", "matrix"), "solution", "terminal")
    assert "K   1   2" in text
    assert "K = [" not in text


def test_a_single_target_has_no_number() -> None:
    text = render(load_worked(ROOT / "recurrence" / "lstm_two_steps.yml"), "solution", "terminal")
    assert "t⁽²⁾ = 1" in text
    assert "t₁" not in text
    assert "= 2(½)(h⁽²⁾ − t⁽²⁾)^(2 − 1)\n" in text  # as E = ½(h − t)² begins


@pytest.mark.parametrize("language", language_names())
def test_every_layer_of_a_pipeline_is_spoken_of(language: str) -> None:
    text = render(load_worked(ROOT / "convolution" / "image_edges.yml"), "solution", "terminal", language)
    assert ("Layer 4 flattens" in text) if language == "en" else ("第 4 层把输入展平" in text)


def test_one_bias_is_not_said_to_be_unshared() -> None:
    codes = [convention.code for convention in bias_conventions([["", ""], ["b1"]], {"b1"})]
    assert codes == ["bias_added", "biases_trained"]
    assert "bias_own" in [c.code for c in bias_conventions([["b1", "b2"]], {"b1"})]
    assert "bias_shared" in [c.code for c in bias_conventions([["b1", "b1"]], {"b1"})]


def test_conventions_are_open_on_the_site() -> None:
    text = render(load_worked(ROOT / "first" / "one_unit.yml"), "solution", "web")
    assert '<details class="note lh-notes" open><summary>Conventions</summary>' in text

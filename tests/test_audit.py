"""Published against computed: what a claim may say, when it is right, and that a wrong number is found."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
import yaml

from generator.definitions.problem import find_definitions
from generator.errors import DefinitionError
from generator.notation.files import notation_names
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.views.audit import Audit, Verdict, audit

ROOT = Path(__file__).resolve().parents[1]
ONE = ROOT / "problems" / "first" / "one_unit.yml"
SUMS = ROOT / "problems" / "networks" / "example_222_sum_output.yml"
PUBLISHED = [path for path in find_definitions(ROOT / "problems") if path.with_suffix(".claims.yml").is_file()]


@cache
def of(path: Path) -> Worked:
    return load_worked(path)


def claims(path: Path) -> list[dict[str, str | None]]:
    return yaml.load(path.with_suffix(".claims.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)["claims"]


@pytest.fixture
def audited(tmp_path: Path) -> object:
    """A function that audits the small problem against claims of one's own, under a rounding of one's own."""

    def made(text: str, rounding: str = "{decimals: 4}", training: str = "") -> Audit | None:
        definition = ONE.read_text(encoding="utf-8")
        notation = f"notation: {{extends: z_h, rounding: {rounding}}}"
        definition = re.sub(r"(?m)^notation:.*$", notation, definition) + training
        (tmp_path / "one.yml").write_text(definition, encoding="utf-8")
        (tmp_path / "one.claims.yml").write_text(text, encoding="utf-8")
        return audit(load_worked(tmp_path / "one.yml"))

    return made


def one(audited: object, quantity: str | None, printed: str, rounding: str = "{decimals: 4}", more: str = "") -> Audit:
    name = "null" if quantity is None else quantity
    text = f'source: {{title: T}}\nclaims:\n  - {{quantity: {name}, printed: "{printed}", where: here}}\n'
    found = audited(text, rounding, more)
    assert found is not None
    return found


# --- verdicts ---

# out_o1 = 0.52497918747893998610, dE_total/dw1 = -0.05922940461785603108, E_total = 0.11282238616408402304
RULES: Mapping[str, list[tuple[str, str, bool, str]]] = {
    "{decimals: 4}": [
        ("out_o1", "0.5250", True, "0.5250"),
        ("out_o1", "0.525", True, "0.5250"),  # under its own number of decimals
        ("out_o1", "0.52", True, "0.5250"),
        ("out_o1", "0.53", False, "0.5250"),
        ("out_o1", ".525", True, "0.5250"),
        ("out_o1", "1", True, "0.5250"),
        ("out_o1", "0", False, "0.5250"),
        ("out_o1", "0.52497918747893998609919318260414215982", True, "0.52497918747893998609919318260414215982"),
        ("out_o1", "0.52497918747893998609919318260414215983", False, "0.52497918747893998609919318260414215982"),
        ("out_o1", "0.524979", True, "0.524979"),
        ("out_o1", "0.524978", False, "0.524979"),
        ("out_o1", "-0.5250", False, "0.5250"),
        ("dE_total/dw1", "-0.0592", True, "-0.0592"),
        ("dE_total/dw1", "−0.0592", True, "-0.0592"),  # printed with a minus sign
        ("dE_total/dw1", "0.0592", False, "-0.0592"),
        ("dE_total/dw1", "-0", True, "-0.0592"),
        ("net_o1", "0.1", True, "0.1"),
        ("net_o1", "0.10000000", True, "0.1"),
        ("net_o1", "0.1000001", False, "0.1"),
        ("w1", "0.4", True, "0.4"),
        ("w1", "0.5", False, "0.4"),
        ("w1_new", "0.4296", True, "0.4296"),
    ],
    "{decimals: 4, mode: toward_zero}": [
        ("out_o1", "0.5249", True, "0.5249"),
        ("out_o1", "0.5250", False, "0.5249"),
        ("dE_total/dw1", "-0.0592", True, "-0.0592"),
        ("dE_total/dw1", "-0.05922", True, "-0.05922"),
        ("dE_total/dw1", "-0.05923", False, "-0.05922"),
    ],
    "{decimals: 2}": [("x1", "0", True, "0.5"), ("x1", "1", False, "0.5")],  # half to even: 0.5 is 0
    "{decimals: 2, mode: half_up}": [("x1", "1", True, "0.5"), ("x1", "0", False, "0.5")],
    "{significant: 3}": [("out_o1", "0.525", True, ""), ("out_o1", "0.5250", True, ""), ("out_o1", "0.526", False, "")],
}
CASES = [(rounding, *case) for rounding, cases in RULES.items() for case in cases]


@pytest.mark.parametrize(("rounding", "quantity", "printed", "right", "figure"), CASES)
def test_a_number_is_right_when_rounding_the_value_gives_it(
    rounding: str, quantity: str, printed: str, right: bool, figure: str, audited: object
) -> None:
    (finding,) = one(audited, quantity, printed, rounding).findings
    assert finding.verdict is (Verdict.RIGHT if right else Verdict.WRONG)
    if figure:
        assert finding.right == figure
    if right and not figure:
        assert Fraction(finding.right).limit_denominator(1000) == Fraction(finding.right)


@pytest.mark.parametrize("significant", [1, 2, 3, 6])
def test_the_right_figure_has_at_least_the_digits_that_were_printed(significant: int, audited: object) -> None:
    (finding,) = one(audited, "out_o1", "0.6", f"{{significant: {significant}}}").findings
    assert finding.verdict is Verdict.WRONG
    assert abs(Fraction(finding.right) - Fraction("0.52497918747894")) <= Fraction(1, 20)


def test_a_claim_without_a_quantity_is_not_comparable(audited: object) -> None:
    (finding,) = one(audited, None, "about +1").findings
    assert finding.verdict is Verdict.NOT_COMPARABLE
    assert finding.right == ""


def test_a_name_with_a_number_is_a_value_after_so_many_updates(audited: object) -> None:
    once = one(audited, "w1@1", "0.4296").findings[0]
    updated = one(audited, "w1_new", "0.4296").findings[0]
    assert (once.verdict, once.right) == (updated.verdict, updated.right) == (Verdict.RIGHT, "0.4296")
    assert one(audited, "w1@0", "0.4").findings[0].verdict is Verdict.RIGHT
    after = one(audited, "E_total@1", "0.0977").findings[0]
    assert (after.verdict, after.right) == (Verdict.RIGHT, "0.0977"), "the error of the forward pass after one update"
    many = one(audited, "E_total@50", "0.9").findings[0]
    assert many.verdict is Verdict.WRONG
    assert 0 < Fraction(many.right) < Fraction("0.02")
    assert one(audited, "out_o1@50", many.right).findings[0].verdict is Verdict.WRONG


def test_iterations_need_no_training_in_the_definition(audited: object) -> None:
    without = one(audited, "E_total@7", "0.9").findings[0].right
    trained = one(audited, "E_total@7", "0.9", more="\ntraining: {iterations: 3, show: [3]}\n").findings[0].right
    assert without == trained


def test_a_later_value_needs_a_learning_rate(tmp_path: Path) -> None:
    definition = re.sub(r"(?m)^learning_rate.*\n", "", ONE.read_text(encoding="utf-8"))
    (tmp_path / "one.yml").write_text(definition, encoding="utf-8")
    for quantity in ("w1@3", "w1_new"):
        text = f'source: {{title: T}}\nclaims:\n  - {{quantity: {quantity}, printed: "0.4", where: here}}\n'
        (tmp_path / "one.claims.yml").write_text(text, encoding="utf-8")
        with pytest.raises(DefinitionError, match=rf"claims\.yml:3: .*found `{quantity}`; expected a quantity"):
            audit(load_worked(tmp_path / "one.yml"))


def test_every_digit_of_a_later_value_is_decided(audited: object) -> None:
    """However many decimals a claim has, and however many updates came before."""
    printed = "0." + "0" * 60
    (finding,) = one(audited, "E_total@1000", printed).findings
    assert finding.verdict is Verdict.WRONG
    assert len(finding.right) == len(printed)
    assert one(audited, "E_total@1000", finding.right).findings[0].verdict is Verdict.RIGHT


def test_findings_stand_in_the_order_of_printing(audited: object) -> None:
    text = (
        "source: {title: A title, author: Somebody, url: 'https://example.org/x', date: '2020'}\nclaims:\n"
        '  - {quantity: out_o1, printed: "0.6", where: b}\n'
        '  - {quantity: null, printed: "1", where: a, reason: a bound}\n'
        '  - {quantity: out_o1, printed: "0.525", where: c}\n'
    )
    found = audited(text)
    assert [finding.claim.where for finding in found.findings] == ["b", "a", "c"]
    assert [len(found.of(verdict)) for verdict in Verdict] == [1, 1, 1]
    assert found.publication.line == "Somebody, A title, 2020, https://example.org/x"


def test_a_problem_without_claims_has_no_audit() -> None:
    assert audit(of(ONE)) is None


# --- claims files are read strictly ---

BROKEN = {
    "unknown quantity": ("quantity: out_o1", "quantity: out_o9", 3, r"claims\.0\.quantity", "`out_o9`"),
    "no count": ("quantity: out_o1", "quantity: out_o1@last", 3, r"claims\.0\.quantity", "`out_o1@last`"),
    "negative count": ("quantity: out_o1", "quantity: out_o1@-1", 3, r"claims\.0\.quantity", "`out_o1@-1`"),
    "a small count": ("quantity: out_o1", "quantity: out_o1@²", 3, r"claims\.0\.quantity", "`out_o1@²`"),
    "a given later": ("quantity: w1", "quantity: x1@3", 4, r"claims\.1\.quantity", "`x1@3`"),
    "a gradient later": ("quantity: w1", "quantity: dE_total/dw1@3", 4, r"claims\.1\.quantity", "`dE_total/dw1@3`"),
    "no number": ('"0.4"', '"about 0.4"', 4, r"claims\.1\.printed", "`about 0.4`"),
    "too many digits": ('"0.4"', f'"0.4{"0" * 100}"', 4, r"claims\.1\.printed", "`0.40+`"),
    "other digits": ('"0.4"', '"٠.٤"', 4, r"claims\.1\.printed", "`٠.٤`"),
    "an exponent": ('"0.4"', '"4e-1"', 4, r"claims\.1\.printed", "`4e-1`"),
    "two numbers": ('"0.4"', '"0.4 0.5"', 4, r"claims\.1\.printed", "`0.4 0.5`"),
    "empty": ('"0.4"', '""', 4, r"claims\.1\.printed", "``"),
    "unknown key": ("where: there", "were: there", 4, r"claims\.1", "nothing|an unknown key"),
    "key twice": ("where: there", "where: there, where: here", 4, r"claims\.1\.where", "the key a second time"),
    "no where": (", where: there", "", 4, r"claims\.1\.where", "nothing"),
    "no title": ("title: T", "author: A", 1, r"source\.title", "nothing"),
}
GOOD = """\
source: {title: T}
claims:
  - {quantity: out_o1, printed: "0.5250", where: here}
  - {quantity: w1, printed: "0.4", where: there}
"""


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_claim_is_an_error_with_its_place(what: str, audited: object) -> None:
    old, new, line, key, found = BROKEN[what]
    assert GOOD.count(old) == 1
    with pytest.raises(DefinitionError, match=rf"one\.claims\.yml:{line}: `{key}[^`]*`: found ({found})") as caught:
        audited(GOOD.replace(old, new))
    assert caught.value.line == line
    assert caught.value.expected


@pytest.mark.parametrize("text", ["", "claims: []\n", "source: {title: T}\nclaims: []\n", "- a\n", "source: x\n"])
def test_a_file_without_claims_is_an_error(text: str, audited: object) -> None:
    with pytest.raises(DefinitionError, match=r"one\.claims\.yml"):
        audited(text)


# --- the published examples ---


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_every_claim_of_an_example_gets_a_verdict(path: Path) -> None:
    found = audit(of(path))
    assert found is not None
    assert [finding.claim.printed for finding in found.findings] == [claim["printed"] for claim in claims(path)]
    for finding in found.findings:
        comparable = finding.claim.quantity is not None
        assert comparable == (finding.verdict is not Verdict.NOT_COMPARABLE) == bool(finding.right)
        assert comparable or finding.claim.reason, f"{finding.claim.where}: why it cannot be compared"
    figures: dict[tuple[str | None, str], set[str]] = {}
    for finding in found.findings:
        figures.setdefault((finding.claim.quantity, finding.claim.printed), set()).add(finding.verdict)
    assert all(len(verdicts) == 1 for verdicts in figures.values()), "the same claim twice has one verdict"


def test_the_truncated_example_is_right_throughout() -> None:
    found = audit(of(SUMS))
    assert found is not None
    assert not found.of(Verdict.WRONG)
    assert len(found.of(Verdict.RIGHT)) > 60


def test_the_other_examples_have_the_wrong_figures_that_they_have() -> None:
    wrong = {path.stem: audit(of(path)).of(Verdict.WRONG) for path in PUBLISHED}
    counted = {name: Counter(finding.claim.quantity for finding in findings) for name, findings in wrong.items()}
    assert counted["example_322"] == {"dE/db1": 2}
    assert sum(counted["example_222_net_out"].values()) == 12
    assert {"eta"} <= set(counted["example_222_net_out"]), "a learning rate in one line"


def test_read_as_rounded_the_truncated_example_would_be_wrong(tmp_path: Path) -> None:
    """That all its figures are right is no accident of a lenient comparison."""
    definition = SUMS.read_text(encoding="utf-8")
    own = "notation: {extends: sum_output, rounding: {mode: half_even}}"
    (tmp_path / "sums.yml").write_text(definition.replace("notation: sum_output", own), encoding="utf-8")
    shutil.copy(SUMS.with_suffix(".claims.yml"), tmp_path)
    (tmp_path / SUMS.with_suffix(".claims.yml").name).rename(tmp_path / "sums.claims.yml")
    found = audit(load_worked(tmp_path / "sums.yml"))
    assert found is not None
    assert len(found.of(Verdict.WRONG)) > 15


@pytest.mark.parametrize("notation", notation_names())
@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_an_example_is_compared_in_its_own_notation_whatever_it_is_shown_in(path: Path, notation: str) -> None:
    """Rounding and the names of some derivatives belong to the notation that the example was printed in."""
    assert audit(load_worked(path, notation)) == audit(of(path))
    text = render(load_worked(path, notation), "audit", "markdown")
    assert text == render(of(path), "audit", "markdown")


# --- a planted error is found, whichever number it is in ---


def test_a_planted_wrong_digit_is_found_wherever_it_is(tmp_path: Path) -> None:
    shutil.copy(SUMS, tmp_path / "sums.yml")
    original = SUMS.with_suffix(".claims.yml").read_text(encoding="utf-8")
    worked = load_worked(tmp_path / "sums.yml")
    places = [match for match in re.finditer(r'quantity: (\S+), printed: "([^"]+)"', original) if match[1] != "null"]
    assert len(places) > 60
    for match in places:
        last = match[2][-1]
        assert last.isdigit()
        planted = match[2][:-1] + str((int(last) + 1) % 10)
        text = f"{original[: match.start(2)]}{planted}{original[match.end(2) :]}"
        (tmp_path / "sums.claims.yml").write_text(text, encoding="utf-8")
        found = audit(worked)
        assert found is not None
        (wrong,) = found.of(Verdict.WRONG)
        assert (wrong.claim.quantity, wrong.claim.printed) == (match[1], planted)
        assert Fraction(wrong.right) == Fraction(match[2]), "and the right figure is named"


def test_a_planted_wrong_sign_is_found(tmp_path: Path) -> None:
    shutil.copy(SUMS, tmp_path / "sums.yml")
    original = SUMS.with_suffix(".claims.yml").read_text(encoding="utf-8")
    assert original.count('printed: "-0.01760"') == 2
    (tmp_path / "sums.claims.yml").write_text(original.replace('"-0.01760"', '"0.01760"'), encoding="utf-8")
    found = audit(load_worked(tmp_path / "sums.yml"))
    assert found is not None
    assert [finding.right for finding in found.of(Verdict.WRONG)] == ["-0.01760"] * 2

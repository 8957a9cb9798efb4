"""Greek letters and the names that spell them out: `λ` is `lambda` to formulas, and `lambda` is λ on a page."""

from __future__ import annotations

import re
import unicodedata

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ",
    "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "partial": "∂",
}  # fmt: skip

_SPELLED = {letter: name for name, letter in GREEK.items() if letter != "∂"}
_ALONE = re.compile(r"(?<![^\W\d_])[\u0370-\u03ff\u00b5](?![^\W\d_])")  # beside digits and underscores, but no letter


def spelled(text: str) -> str:
    """`text` with the name of each Greek letter that stands for itself: `λ_1` is `lambda_1`; `Δx` stays."""
    return text if text.isascii() else _ALONE.sub(_name, text)


def _name(letter: re.Match[str]) -> str:
    plain = unicodedata.normalize("NFKC", letter[0])  # there are two of ε, θ, μ and φ
    return _SPELLED.get(plain, letter[0])

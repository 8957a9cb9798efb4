"""Optimizers, one row each, and schedules of the learning rate -> the lines of an update for each parameter.

Longer than 250 lines because half of it is the rows.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from generator.formula.infix import parse
from generator.formula.tree import Formula, Ref, references, substitute
from generator.graph.quantities import Label, Quantity, Role, Update, derivative_name, updated_name
from generator.learning.clipping import Clip, clipped


@dataclass(frozen=True, slots=True)
class Optimizer:
    """How one parameter is updated, line by line, as infix text.

    In a formula `p` is the parameter, `g` its gradient, `eta` the learning rate, `k` the number of this update (from
    1); the names of `states` are what is remembered from one update to the next (`m` before, `m_new` after it), those
    of `settings` the optimizer's own givens with their usual values. A line whose target is neither the parameter nor a
    state is a value on the way.
    """

    name: str
    lines: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)
    states: tuple[str, ...] = ()
    undecayed: str = ""  # the row for a parameter that does not decay, where this one makes parameters decay


_SIGNS = {"decay": "lambda", "clip": "theta"}  # how a setting is written that goes by another name
_OTHER_SIGNS = {"decay": "lambda_w", "clip": "theta_c"}  # where something else is written like that
_SECOND = {"m": "beta1 * m + (1 - beta1) * g", "s": "beta2 * s + (1 - beta2) * g**2"}
_UNBIASED = {"mhat": "m_new / (1 - beta1**k)", "shat": "s_new / (1 - beta2**k)"}
_ADAM = {"beta1": "0.9", "beta2": "0.999", "epsilon": "1e-8"}

# The forms are those of the optimizers' first publications, as PyTorch computes them; where texts differ about the
# place of the learning rate in the velocity or about its sign, all forms stand here.
OPTIMIZERS: Mapping[str, Optimizer] = {
    row.name: row
    for row in (
        Optimizer("sgd", {"p": "p - eta * g"}),
        Optimizer("weight_decay", {"p": "p - eta * (g + decay * p)"}, {"decay": "0.01"}, undecayed="sgd"),
        Optimizer("momentum", {"v": "mu * v + g", "p": "p - eta * v_new"}, {"mu": "0.9"}, ("v",)),
        Optimizer("momentum_rate_inside", {"v": "mu * v + eta * g", "p": "p - v_new"}, {"mu": "0.9"}, ("v",)),
        Optimizer("nesterov", {"v": "mu * v + g", "p": "p - eta * (g + mu * v_new)"}, {"mu": "0.9"}, ("v",)),
        Optimizer(
            "nesterov_rate_inside", {"v": "mu * v + eta * g", "p": "p - (mu * v_new + eta * g)"}, {"mu": "0.9"}, ("v",)
        ),
        Optimizer("momentum_subtracted", {"v": "mu * v - eta * g", "p": "p + v_new"}, {"mu": "0.9"}, ("v",)),
        Optimizer(
            "nesterov_subtracted",
            {"v": "mu * v - eta * g", "p": "p + (mu * v_new - eta * g)"},
            {"mu": "0.9"},
            ("v",),
        ),
        Optimizer(
            "adagrad", {"s": "s + g**2", "p": "p - eta * g / (sqrt(s_new) + epsilon)"}, {"epsilon": "1e-8"}, ("s",)
        ),
        Optimizer(
            "rmsprop",
            {"s": "beta * s + (1 - beta) * g**2", "p": "p - eta * g / (sqrt(s_new) + epsilon)"},
            {"beta": "0.9", "epsilon": "1e-8"},
            ("s",),
        ),
        Optimizer("adam", {**_SECOND, **_UNBIASED, "p": "p - eta * mhat / (sqrt(shat) + epsilon)"}, _ADAM, ("m", "s")),
        Optimizer(
            "adamw",
            {**_SECOND, **_UNBIASED, "p": "p - eta * (mhat / (sqrt(shat) + epsilon) + decay * p)"},
            {**_ADAM, "decay": "0.01"},
            ("m", "s"),
            "adam",
        ),
        # Dozat (2016), with the same momentum at every step; Reddi, Kale and Kumar (2018), as PyTorch corrects it.
        Optimizer(
            "nadam",
            {
                **_SECOND,
                **_UNBIASED,
                "n": "beta1 * mhat + (1 - beta1) * g / (1 - beta1**k)",
                "p": "p - eta * n / (sqrt(shat) + epsilon)",
            },
            _ADAM,
            ("m", "s"),
        ),
        Optimizer(
            "amsgrad",
            {
                **_SECOND,
                "r": "max(r, s_new)",
                "mhat": _UNBIASED["mhat"],
                "rhat": "r_new / (1 - beta2**k)",
                "p": "p - eta * mhat / (sqrt(rhat) + epsilon)",
            },
            _ADAM,
            ("m", "s", "r"),
        ),
        Optimizer(
            "adamax",
            {
                "m": _SECOND["m"],
                "r": "max(beta2 * r, abs(g) + epsilon)",
                "mhat": _UNBIASED["mhat"],
                "p": "p - eta * mhat / r_new",
            },
            _ADAM,
            ("m", "r"),
        ),
        Optimizer(
            "adadelta",
            {
                "s": "beta * s + (1 - beta) * g**2",
                "d": "sqrt(r + epsilon) / sqrt(s_new + epsilon) * g",
                "r": "beta * r + (1 - beta) * d**2",
                "p": "p - eta * d",
            },
            {"beta": "0.9", "epsilon": "1e-6"},
            ("s", "r"),
        ),
        Optimizer(  # Chen et al. (2023)
            "lion",
            {
                "d": "beta1 * m + (1 - beta1) * g",
                "p": "p - eta * sign(d)",
                "m": "beta2 * m + (1 - beta2) * g",
            },
            {"beta1": "0.9", "beta2": "0.99"},
            ("m",),
        ),
    )
}

# The learning rate at the update number k: eta as it is given, times what the schedule makes of k.
SCHEDULES: Mapping[str, Optimizer] = {
    row.name: row
    for row in (
        Optimizer("constant", {}),
        Optimizer("step", {"rate": "eta * gamma**floor((k - 1) / every)"}, {"gamma": "0.5", "every": "1"}),
        Optimizer("exponential", {"rate": "eta * gamma**(k - 1)"}, {"gamma": "0.9"}),
        Optimizer("inverse_time", {"rate": "eta / (1 + gamma * (k - 1))"}, {"gamma": "1"}),
        Optimizer("linear", {"rate": "eta * max(0, 1 - (k - 1) / span)"}, {"span": "10"}),
        Optimizer("cosine", {"rate": "eta / 2 * (1 + cos(pi() * (k - 1) / span))"}, {"span": "10"}),
        Optimizer("polynomial", {"rate": "eta * max(0, 1 - (k - 1) / span)**power"}, {"span": "10", "power": "2"}),
        Optimizer("inverse_root", {"rate": "eta / sqrt(k)"}),
        Optimizer("warmup", {"rate": "eta * min(1, k / span)"}, {"span": "10"}),
    )
}


@dataclass(frozen=True)
class Plan:
    """An optimizer at work: the givens that it brings along, their values, and the lines of one update."""

    givens: tuple[Quantity, ...]
    values: Mapping[str, Fraction]
    updates: tuple[Update, ...]


@dataclass(frozen=True, slots=True)
class Further:
    """What else a definition says of its updates: what is remembered from earlier ones, for all parameters or for each
    (`k`: how many these were), which parameters decay (`None`: all), and for how many updates (`each`; 0: for one) a
    schedule leaves the learning rate as it is.
    """

    state: Mapping[str, Fraction | Mapping[str, Fraction]] = field(default_factory=dict)
    decayed: tuple[str, ...] | None = None
    each: int = 0

    def remembered(self, state: str, parameter: str) -> Fraction:
        """The value before the first update that is worked."""
        found = self.state.get(state, Fraction(0))
        return found if isinstance(found, Fraction) else found.get(parameter, Fraction(0))


def own_schedule(text: str, rate: str, settings: Mapping[str, Fraction]) -> Optimizer:
    """A schedule by a formula over the learning rate (`eta`, or its own name), `k`, and settings that have a value."""
    own = [name for name in references(parse(text)) if name in settings and name not in ("eta", "k", rate)]
    return Optimizer("own", {"rate": text}, {name: str(settings[name]) for name in own})


def plan(
    optimizer: Optimizer,
    schedule: Optimizer,
    settings: Mapping[str, Fraction],
    parameters: Sequence[str],
    loss: str,
    rate: str,
    others: Container[str] = (),
    clip: Clip | None = None,
    how: Further = Further(),
) -> Plan:
    """The update of `parameters` by the gradients of `loss`. `settings` are values in place of the usual ones.

    `others` are the names of other givens, which a setting's sign must not be mistaken for; `clip` says what becomes of
    the gradients first.
    """
    givens: dict[str, tuple[Quantity, Fraction]] = {}

    def given(kind: str, name: str, value: Fraction, of: str = "") -> None:
        sign = _SIGNS.get(name, name)
        sign = _OTHER_SIGNS.get(name, sign) if sign in others else sign
        givens[name] = (Quantity(name, Role.GIVEN, Label(kind, sign, of=of)), value)

    usual = {**optimizer.settings, **schedule.settings}
    for name, text in usual.items():
        given("setting", name, settings.get(name, Fraction(text)))
    if clip is not None:
        given("setting", "clip", clip[1])
    for state in optimizer.states:
        for parameter in parameters:
            given("state", _name(state, parameter), how.remembered(state, parameter), of=parameter)
    counted = counts(optimizer, schedule)
    if counted:
        given("state", "k", how.remembered("k", ""))
    updates = (*_counted(counted), *_scheduled(schedule, rate, how.each))
    rate_now = "rate" if schedule.lines else rate
    gradients = {parameter: derivative_name(loss, parameter) for parameter in parameters}
    if clip is not None:
        updates += tuple(clipped(clip[0], gradients))
        gradients = {parameter: _name("c", parameter) for parameter in parameters}
    for parameter, gradient in gradients.items():
        decays = not optimizer.undecayed or how.decayed is None or parameter in how.decayed
        row = optimizer if decays else OPTIMIZERS[optimizer.undecayed]
        updates += tuple(_lines(row, parameter, gradient, rate_now))
    made = givens.values()
    return Plan(tuple(q for q, _ in made), {q.name: value for q, value in made}, updates)


def names(
    optimizer: Optimizer, schedule: Optimizer, parameters: Sequence[str], clip: str = "", epochs: bool = False
) -> Iterator[str]:
    """The names that a plan brings into a problem; `clip` is the row of `CLIPS`, if any; `epochs`: the schedule
    goes by them.
    """
    if epochs and schedule.lines:
        yield "epoch"
    if clip:
        yield "clip"
        yield from ("norm", "scale") if clip == "norm" else ()
        yield from (_name("c", parameter) for parameter in parameters)
    yield from (*optimizer.settings, *schedule.settings, *schedule.lines)
    if counts(optimizer, schedule):
        yield "k"
    for parameter in parameters:
        for target in (*optimizer.states, *(line for line in optimizer.lines if line not in ("p", *optimizer.states))):
            yield _name(target, parameter)


def counts(optimizer: Optimizer, schedule: Optimizer) -> bool:
    """Whether the number of the update matters."""
    return any("k" in references(parse(text)) for text in (*optimizer.lines.values(), *schedule.lines.values()))


def _counted(counted: bool) -> Iterator[Update]:
    if counted:
        yield Update(parse("k + 1"), old="k", rule="update_count")


def _scheduled(schedule: Optimizer, rate: str, each: int) -> Iterator[Update]:
    count = updated_name("k")
    if each and schedule.lines:
        formula = substitute(parse(f"floor((k - 1) / {each}) + 1"), {"k": Ref(count)})
        yield Update(formula, name="epoch", rule="update_epoch", label=Label("value", "epoch"), stepped=True)
        count = "epoch"
    for target, text in schedule.lines.items():
        formula = substitute(parse(text), {"eta": Ref(rate), "k": Ref(count)})
        label = Label("scheduled", target, of=rate)
        yield Update(formula, name=target, rule="update_rate", label=label, stepped=True)


def _lines(optimizer: Optimizer, parameter: str, gradient: str, rate: str) -> Iterator[Update]:
    bound: dict[str, Formula] = {"p": Ref(parameter), "g": Ref(gradient), "eta": Ref(rate), "k": Ref(updated_name("k"))}
    for target in optimizer.lines:
        if target != "p":
            own = _name(target, parameter)
            bound |= {target: Ref(own), f"{target}_new": Ref(updated_name(own))}
    for target, text in optimizer.lines.items():
        formula = substitute(parse(text), bound)
        if target == "p":  # with what is remembered, a step is not just against the gradient
            yield Update(formula, old=parameter, rule="update_step" if optimizer.states else "update")
        elif target in optimizer.states:
            yield Update(formula, old=_name(target, parameter), rule="update_state")
        else:
            own = _name(target, parameter)
            label = Label("value", own, of=parameter)
            rule = "update_unbiased" if target.endswith("hat") else "update_way"
            yield Update(formula, name=own, rule=rule, label=label, stepped=True)


def _name(target: str, parameter: str) -> str:
    return f"{target}_{parameter}"

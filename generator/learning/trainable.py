"""The keys of a definition that say what is trained -> its parameters, and what is wrong with the keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from generator.definitions.problem import Finding, Name
from generator.learning.chosen import Groups, check_listed, chosen
from generator.learning.training import Learning


class Trainable(Learning):
    """What every kind has whose parameters are trained: all of them, or those that are listed."""

    OTHERWISE: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("update", "updated", "train", "trainable"), "trained"),
        **dict.fromkeys(("differentiate", "gradients", "wrt"), "wanted"),
        "lr": "learning_rate",
    }

    trained: Literal["all", "weights", "biases"] | tuple[Name, ...] = Field(
        "all", description="which parameters are trained: all, a group, or a list of names, of matrices, or of groups"
    )

    @property
    def parameters(self) -> tuple[str, ...]:
        """All that can be trained, in order."""
        return ()

    @property
    def groups(self) -> Groups:
        """The parameters by what can be said of several at once; what is no weight is a bias (as scales and shifts)."""
        biases = tuple(self.unweighted or ())
        weights = tuple(name for name in self.parameters if name not in biases)
        return {"all": self.parameters, "weights": weights, "biases": biases}

    @property
    def chosen(self) -> tuple[str, ...]:
        """The parameters that `trained` names."""
        return chosen(self.trained, self.parameters, self.groups)


def check_trained(problem: Trainable) -> Iterator[Finding]:
    """What is wrong with which parameters are trained, and with which decay."""
    yield from check_listed("trained", problem.trained, problem.parameters, problem.groups)
    if problem.decayed not in ("all", "weights"):
        yield from check_listed("decayed", problem.decayed, problem.parameters, problem.groups)

"""A definition with bare lists, matrices or classes -> the same with names of inputs, units, weights and targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from generator.definitions.source import Location, Misplaced

Data = dict[str, Any]


def written_out(data: Any) -> Any:
    """`data` of a network with `units` in every layer and a target for every output; what is malformed stays so."""
    if not isinstance(data, dict) or not isinstance(data.get("layers"), list | tuple):
        return data
    return _with_targets(_with_named_targets(_with_units(_with_named_inputs(data))))


# --- lists without names ---


def _with_named_inputs(data: Data) -> Data:
    """`inputs: [1, 2]` as `x1: 1, x2: 2`; rows are observations, each of which has all inputs."""
    listed = data.get("inputs")
    return {**data, "inputs": _columns("x", listed)} if _is_list(listed) else data


def _with_named_targets(data: Data) -> Data:
    """`targets: [1, 0]` as `t1: 1, t2: 0`; of the only output, a number, or one for each observation."""
    listed = data.get("targets")
    if listed == "inputs":  # what the network is to give back, as an autoencoder does
        values = _mapping(data.get("inputs")).values()
        return {**data, "targets": {f"t{place}": value for place, value in enumerate(values, 1)}}
    units = _last_units(data)
    several = any(isinstance(value, list) for value in _mapping(data.get("inputs")).values())
    if isinstance(listed, str) or (_is_list(listed) and several and len(units) == 1 and not _is_list(listed[0])):
        return {**data, "targets": {"t" if len(units) == 1 else "t1": listed}}
    return {**data, "targets": _columns("t", listed)} if _is_list(listed) else data


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list) and bool(value)


def _columns(letter: str, listed: list[Any]) -> Data:
    """Numbers by names, `x1`, `x2`; of rows, the columns."""
    if all(isinstance(row, list) for row in listed) and len({len(row) for row in listed}) == 1:
        return {f"{letter}{place}": [row[place - 1] for row in listed] for place in range(1, len(listed[0]) + 1)}
    return {f"{letter}{place}": value for place, value in enumerate(listed, 1)}


def _last_units(data: Data) -> list[str]:
    """The units of the last layer."""
    last = data["layers"][-1] if data["layers"] else None
    return list(_mapping(last.get("units") if isinstance(last, dict) else None))


# --- matrices ---


def _with_units(data: Data) -> Data:
    """Each layer that has a matrix of `weights`: a row for each of its units (a column, where vectors are rows)."""
    made: dict[str, Any] = {"weights": _mapping(data.get("weights")), "biases": _mapping(data.get("biases"))}
    layers: list[Any] = []
    fed = list(_mapping(data.get("inputs")))
    for number, layer in enumerate(data["layers"]):
        if isinstance(layer, dict) and "weights" in layer and "units" not in layer:
            layers.append(_layer(layer, number, fed, made, columns=data.get("vectors") == "row"))
        else:
            layers.append(layer)
        fed = list(_mapping(layers[-1].get("units") if isinstance(layer, dict) else None))
    if layers == list(data["layers"]):
        return data
    return {**data, **{key: value for key, value in made.items() if value or key in data}, "layers": layers}


def _mapping(value: Any) -> Data:
    return dict(value) if isinstance(value, dict) else {}


def _layer(layer: Data, number: int, fed: list[str], made: Mapping[str, Data], columns: bool) -> Data:
    """A layer by its units; the names of its parameters and their values are entered in `made`."""
    place: Location = ("layers", number)
    name, rows = _named(layer["weights"], f"w_{number + 1}")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        raise Misplaced((*place, "weights"), "no matrix", "a list of rows, or {W: [[1, 2], [3, 4]]}")
    if not fed and number == 0:
        raise Misplaced(("inputs",), "no inputs", "their numbers, as {x1: 1, x2: 2}, or [1, 2]")
    if columns and len({len(row) for row in rows}) == 1:
        rows = [list(column) for column in zip(*rows, strict=True)]
    for row in rows:
        if len(row) != len(fed):
            found, what = f"{len(row)} numbers for a unit", f"one for each of {', '.join(fed)}"
            raise Misplaced((*place, "weights"), found, what)
    letter = str(layer.get("name", "u"))[:1] or "u"
    units = [f"{letter}{unit}" for unit in range(1, len(rows) + 1)]
    names = [[f"{name}_{unit}_{source}" for source in range(1, len(fed) + 1)] for unit in range(1, len(rows) + 1)]
    if columns:
        names = [[f"{name}_{source}_{unit}" for source in range(1, len(fed) + 1)] for unit in range(1, len(rows) + 1)]
    for own, row in zip(names, rows, strict=True):
        made["weights"].update(zip(own, row, strict=True))
    weights = {unit: dict(zip(fed, own, strict=True)) for unit, own in zip(units, names, strict=True)}
    rest = {key: value for key, value in layer.items() if key not in ("weights", "biases")}
    return {**rest, "units": weights, **_biases(layer, number, units, made)}


def _biases(layer: Data, number: int, units: list[str], made: Mapping[str, Data]) -> Data:
    if "biases" not in layer:
        return {}
    name, values = _named(layer["biases"], f"b_{number + 1}")
    if not isinstance(values, list) or len(values) != len(units):
        raise Misplaced(("layers", number, "biases"), "biases that do not fit", f"one for each of {len(units)} units")
    names = [f"{name}_{unit}" for unit in range(1, len(units) + 1)]
    made["biases"].update(zip(names, values, strict=True))
    return {"bias": dict(zip(units, names, strict=True))}


def _named(value: Any, usual: str) -> tuple[str, Any]:
    """What is given under a name of its own, or by itself."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, inside),) = value.items()
        return str(name), inside
    return usual, value


# --- classes ---


def _with_targets(data: Data) -> Data:
    """For each observation's class a target of 1 for its own unit and of 0 for the others."""
    if "classes" not in data:
        return data
    if "targets" in data:
        raise Misplaced(("classes",), "`classes` beside `targets`", "one of the two")
    units = _last_units(data)
    listed = data["classes"] if isinstance(data["classes"], list | tuple) else [data["classes"]]
    chosen = list(_chosen(listed, units))
    targets = {}
    for place, _ in enumerate(units, 1):
        column = ["1" if own == place else "0" for own in chosen]
        targets[f"t{place}"] = column if isinstance(data["classes"], list | tuple) else column[0]
    return {**data, "targets": targets}


def _chosen(listed: list[Any] | tuple[Any, ...], units: list[str]) -> Iterator[int]:
    """The numbers of the units that belong to classes, which are given by numbers or by the names of units."""
    for number, own in enumerate(listed):
        text = str(own).strip()
        if text in units:
            yield units.index(text) + 1
        elif text.isdecimal() and 1 <= int(text) <= len(units):
            yield int(text)
        else:
            raise Misplaced(("classes", number), f"`{text}`", f"a number from 1 to {len(units)}, or {', '.join(units)}")

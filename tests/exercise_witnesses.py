"""Exercises without published answers -> their answers, computed in NumPy and without Longhand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

Answers = Mapping[str, ArrayLike]


def sigmoid(z: ArrayLike) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(z, float)))


def softmax(z: ArrayLike) -> np.ndarray:
    e = np.exp(np.asarray(z, float) - np.max(z))
    return e / e.sum()


def gradient(f: Callable[[np.ndarray], float], x: ArrayLike) -> np.ndarray:
    """By complex steps, which lose no digits."""
    x = np.asarray(x, complex)
    steps = 1e-30j * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([np.imag(f(x + step)) / 1e-30 for step in steps]).reshape(x.shape)


def rnn_hidden_sigmoid() -> Answers:
    def loss(p: np.ndarray) -> float:
        h = 0
        for x in (1, 2, 3):
            h = 1 / (1 + np.exp(-(p[0] * x + p[1] * h)))
        return (4 - p[2] * h) ** 2 / 2

    w, u, v = np.array([0.6, 0.4, 0.5]) - 0.01 * gradient(loss, [0.6, 0.4, 0.5])
    return {"w_new": w, "u_new": u, "v_new": v}


def primelearn_backprop() -> Answers:
    def loss(p: np.ndarray) -> float:
        h1 = 1 / (1 + np.exp(-(p[0] * 0.35 + p[1] * 0.7)))
        h2 = 1 / (1 + np.exp(-(p[2] * 0.35 + p[3] * 0.7)))
        return (1 - 1 / (1 + np.exp(-(p[4] * h1 + p[5] * h2)))) ** 2 / 2

    p = np.array([0.2, 0.2, 0.3, 0.3, 0.3, 0.9])
    new = p - gradient(loss, p)
    return {"E_total": loss(p), **{f"w{i + 1}_new": new[i] for i in range(6)}}


def yeh_mixture_of_experts() -> Answers:
    x, g = np.array([[2, 1, 3], [3, 1, 2]]), np.array([[1, 1, 0], [0, 1, 1]])
    a, b = np.array([[1, 0, 1], [1, 1, 0], [0, 0, 1]]), np.array([[0, 1, 1], [0, 1, -1], [1, 0, 1]])
    k = np.argmax(x @ g.T, axis=1)
    return {"k": k + 1, "Y": [np.maximum(0, (a, b)[k[i]] @ x[i]) for i in range(2)]}


def ctc_forward() -> Answers:
    p = np.array([[0.6, 0.3, 0.1], [0.3, 0.5, 0.2], [0.2, 0.2, 0.6], [0.5, 0.1, 0.4]])
    total = 0.0
    for path in np.ndindex(3, 3, 3, 3):
        kept = [k for i, k in enumerate(path) if k and (i == 0 or path[i - 1] != k)]
        if kept == [1, 2]:
            total += np.prod([p[t, k] for t, k in enumerate(path)])
    return {"p": total, "L": -np.log(total)}


def cnn_backward() -> Answers:
    x = np.array([[1, 0, 2, 1], [0, 1, 1, 0], [2, 1, 0, 1], [1, 0, 1, 2]])
    weights = np.array([[0.1, 0.2, -0.1, 0.3], [0.2, -0.2, 0.1, 0.1]])

    def loss(p: np.ndarray) -> float:
        z = sum(p[2 * i + j] * x[i : i + 3, j : j + 3] for i in range(2) for j in range(2)) + p[4]
        a = np.where(z.real > 0, z, 0)
        windows = [a[i : i + 2, j : j + 2].ravel() for i in range(2) for j in range(2)]
        o = weights @ [w[np.argmax(w.real)] for w in windows] + [0, 0.1]
        return -np.log(np.exp(o[0]) / np.exp(o).sum())

    p = np.array([1, -1, 0, 1, 0.5])
    new = p - 0.1 * gradient(loss, p)
    return {"E_total": loss(p).real, "k_new": new[:4], "b_new": new[4]}


def ppo_clip() -> Answers:
    r, a = np.array([1.5, 0.4]), np.array([2, -1])
    return {"J": np.minimum(r * a, np.clip(r, 0.8, 1.2) * a).mean(), "dJ/dp": [0, 0]}


def dpo_pair() -> Answers:
    margin = 0.1 * ((-2 + 2.3) - (-1.5 + 1.4))
    return {"L": -np.log(sigmoid(margin)), "dL/dw": -0.1 * sigmoid(-margin), "dL/dl": 0.1 * sigmoid(-margin)}


def gae() -> Answers:
    r, v = np.array([1, 0, 2]), np.array([1, 1.5, 1, 0])
    d = r + 0.9 * v[1:] - v[:-1]
    return {f"A_{t + 1}": sum(0.72 ** (k - t) * d[k] for k in range(t, 3)) for t in range(3)}


def reinforce() -> Answers:
    theta = np.array([0.2, -0.1, 0.4])
    p, one = softmax(theta), np.eye(3)
    g = 2 * (one[2] - p) - (one[0] - p)
    return {"g": g, "theta_new": theta + 0.1 * g}


def s4_discretization() -> Answers:
    a, b, c = np.exp([-0.5, -1]), np.array([1, 0.5]), np.array([1, -1])
    b = (a - 1) / np.array([-1, -2]) * b
    k = [c @ (a**i * b) for i in range(3)]
    return {"K": k, "y": np.convolve([1, 0, 2], k)[:3]}


def rope() -> Answers:
    q, k = np.array([1, 0.5j + 0.5]), np.array([0.5 + 0.5j, 1])
    return {"s": np.real(q * np.exp(2j * np.array([1, 0.1])) @ k.conj())}


def llama_block_parts() -> Answers:
    x = np.array([1, -2, 3])
    n = x / np.sqrt(np.mean(x**2)) * [1, 1, 0.5]
    a, b = [[1, 0, 1], [0, 1, -1]] @ n, [[0.5, 0.5, 0], [1, 0, 1]] @ n
    return {"y": x + [[1, 0], [0, 1], [1, 1]] @ (a * sigmoid(a) * b)}


def gaussian_process() -> Answers:
    x, t = np.array([0, 1]), 0.25
    k = np.exp(-(np.subtract.outer(x, x) ** 2) / 2) + 0.01 * np.eye(2)
    s = np.exp(-((x - t) ** 2) / 2)
    return {"m": s @ np.linalg.solve(k, [1, -1]), "v": 1 - s @ np.linalg.solve(k, s)}


def tsne_affinities() -> Answers:
    x, y = np.array([0, 1, 3]), np.array([0, 0.5, 2])
    p = np.exp(-(np.subtract.outer(x, x) ** 2) / 2) * (1 - np.eye(3))
    p /= p.sum(axis=1, keepdims=True)
    p = (p + p.T) / 6
    q = (1 - np.eye(3)) / (1 + np.subtract.outer(y, y) ** 2)
    q /= q.sum()
    other = ~np.eye(3, dtype=bool)
    return {"Q": q, "L": (p[other] * np.log(p[other] / q[other])).sum()}


def normalizing_flow() -> Answers:
    s = np.tanh(0.4)
    z = np.array([0.5, (1.2 + 0.15) * np.exp(-s)])
    return {"z": z, "D": -s, "L": -np.log(2 * np.pi) - z @ z / 2 - s}


def graph_attention() -> Answers:
    z, a = np.array([[1, 0], [0, 1], [1, 1]]) @ [[1, 0.5], [-0.5, 1]], np.array([0.2, -0.1, 0.3, 0.4])
    e = np.add.outer(z @ a[:2], z @ a[2:])
    w = np.exp(np.where(e > 0, e, 0.2 * e)) * [[1, 1, 0], [1, 1, 1], [0, 1, 1]]
    w /= w.sum(axis=1, keepdims=True)
    return {"alpha": w, "N": w @ z}


def dropout_scaling() -> Answers:
    x, w, mask = np.array([1, 2]), np.array([[0.5, -0.2], [0.3, 0.4], [-0.6, 0.9]]), np.array([1, 0, 1]) / 0.8
    v = np.array([1, -1, 0.5])
    o = sigmoid(v @ (w @ x * mask))
    d = (o - 1) * o * (1 - o)
    return {"v_new": v - 0.1 * d * mask * (w @ x), "W_new": w - 0.1 * d * np.outer(v * mask, x)}


def beam_search() -> Answers:
    t = np.log(np.array([[0.5], [0.4]]) * [[0.1, 0.5, 0.4], [0.8, 0.1, 0.1]])
    return {"T": t, "c": [2, 1]}


def two_hidden_layers() -> Answers:
    def loss(p: np.ndarray) -> float:
        f1 = np.tanh(p[0] * 1 - p[1] * 0.5 + p[8])
        f2 = np.tanh(p[2] * 1 - p[3] * 0.5 + p[9])
        s1, s2 = p[4] * f1 + p[5] * f2 + p[10], p[6] * f1 + p[7] * f2 + p[11]
        s1, s2 = (s if s.real > 0 else 0 for s in (s1, s2))
        return np.log(1 + np.exp(-(p[12] * s1 + p[13] * s2 + p[14])))

    p = np.array([0.3, -0.2, 0.5, 0.4, 0.7, -0.3, -0.6, 0.2, 0.1, 0, 0, 0.2, 0.4, 0.9, -0.1])
    new = p - 0.5 * gradient(loss, p)
    return {"W_new": new[:4], "V_new": new[4:8], "a_new": new[8:10], "b_new": new[10:12], "U_new": new[12:14]}


def softmax_batch() -> Answers:
    x, y = np.array([[1, 2], [0, 1]]), np.eye(3)[[2, 0]]
    w, b = np.array([[0.1, 0.2], [0, -0.1], [0.3, 0]]), np.array([0, 0.1, -0.1])
    d = np.array([softmax(w @ row + b) for row in x]) - y
    return {"W_new": w - (d.T @ x / 2 + 0.01 * w), "b_new": b - d.mean(axis=0)}


def batchnorm_backward() -> Answers:
    def loss(p: np.ndarray) -> float:
        x = p[:4]
        return np.array([1, 0, -1, 0.5]) @ (p[4] * (x - x.mean()) / np.sqrt(((x - x.mean()) ** 2).mean()) + p[5])

    g = gradient(loss, [1, 2, 4, 5, 2, 1])
    return {"dL/dx": g[:4], "dL/dgamma": g[4], "dL/dbeta": g[5]}


def softmax_jacobian() -> Answers:
    p = softmax([1, 2, 0.5])
    return {"J": np.diag(p) - np.outer(p, p)}


def vae_kl() -> Answers:
    def bound(q: np.ndarray) -> float:
        m, v = q[:2], q[2:]
        p = 1 / (1 + np.exp(-(np.array([[1, 0.5], [-0.5, 1]]) @ (m + np.exp(v / 2) * [0.3, -0.2]))))
        return np.log(p[0]) + np.log(1 - p[1]) - (np.exp(v) + m**2 - 1 - v).sum() / 2

    q = np.array([0.5, -1, 0, -0.5])
    g = gradient(bound, q)
    return {"ELBO": bound(q), "dELBO/dmu": g[:2], "dELBO/dl": g[2:]}


def diffusion_step() -> Answers:
    x = np.sqrt(0.504) * np.array([1, -1]) + np.sqrt(0.496) * np.array([0.5, 0.2])
    return {"X": x, "m": (x - 0.3 / np.sqrt(0.496) * np.array([0.4, 0.3])) / np.sqrt(0.7), "v": 0.3 * 0.28 / 0.496}


def gan_minimax() -> Answers:
    def value(p: np.ndarray) -> float:
        return -np.log(1 + np.exp(-(p[0] + p[1]))) - np.log(1 + np.exp(p[0] * p[2] / 2 + p[1]))

    def other(p: np.ndarray) -> float:
        return np.log(1 + np.exp(-(p[0] * p[2] / 2 + p[1])))

    p = [0.8, -0.1, 0.6]
    return {"dV/dw": gradient(value, p)[0], "dV/db": gradient(value, p)[1], "dG/dg": gradient(other, p)[2]}


def moe_top2() -> Answers:
    g = softmax([3, 2])
    return {"o": g @ [[0, 2], [4, 1]], "L": 3 * np.array([0, 0.5, 0.5]) @ softmax([1, 3, 2])}


def hessian_newton() -> Answers:
    h = np.array([[12, 1], [1, 2]])
    x, y = np.array([1, -1]) - np.linalg.solve(h, [3, 1])
    return {"x_new": x, "y_new": y, "l": np.linalg.eigvalsh(h)[::-1]}


def quantize_int8() -> Answers:
    w, x = np.array([[0.5, -1.2], [0.8, 0.1]]), np.array([2, -0.6])
    s, t = 1.2 / 127, 2 / 127
    y = s * t * np.rint(w / s) @ np.rint(x / t)
    return {"y": y, "e": w @ x - y}


def lora_update() -> Answers:
    w = np.array([[1, 0, 2], [0, 1, -1]]) + 2 * np.outer([1, -1], [0.5, 0, 1])
    return {"h": w @ [1, 2, 3], "q": 16 * 2 / 4096}


def lr_schedules() -> Answers:
    t = np.arange(1, 13)
    r = np.where(t <= 4, t / 4000, 0.0005 * (1 + np.cos(np.pi * (t - 4) / 8)))
    return {"r": r, "s": np.minimum(t**-0.5, t / 8) / np.sqrt(512)}


def receptive_field() -> Answers:
    seen = [1.0] * 5
    for layers in range(1, 6):  # backwards: one unit sees so many of the layer before
        n = 1
        for k, s in list(zip((3, 2, 3, 2, 3), (1, 2, 1, 2, 1), strict=True))[:layers][::-1]:
            n = (n - 1) * s + k
        seen[layers - 1] = n
    return {"r": seen}


def pagerank_four() -> Answers:
    m = np.array([[0, 0, 1, 0.5], [0.5, 0, 0, 0], [0.5, 1, 0, 0.5], [0, 0, 0, 0]])
    r = np.full(4, 0.25)
    for _ in range(3):
        r = 0.15 / 4 + 0.85 * m @ r
    return {"r_new3": r}


def ucb_bandit() -> Answers:
    u = np.array([0.6, 0.625, 1]) + 1.4 * np.sqrt(np.log(14) / np.array([5, 8, 1]))
    return {"u": u, "k": np.argmax(u) + 1}


def policy_iteration() -> Answers:
    p, q = np.array([[0.8, 0.2], [0.1, 0.9]]), np.array([[0.3, 0.7], [0.6, 0.4]])
    v = np.linalg.solve(np.eye(2) - 0.9 * p, [1, 0])
    other = np.array([0, 2]) + 0.9 * q @ v > np.array([1, 0]) + 0.9 * p @ v
    a, r = np.where(other[:, None], q, p), np.where(other, [0, 2], [1, 0])
    return {"v": v, "k": other + 1, "w": np.linalg.solve(np.eye(2) - 0.9 * a, r)}


def policy_evaluation_tensor() -> Answers:
    moves = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.2, 0.8], [0.1, 0.9]]])
    reward = np.array([[1, 0], [0, 2]])
    v = np.linalg.solve(np.eye(2) - 0.9 * moves[0], reward[0])
    q = reward + 0.9 * np.einsum("ast,t->as", moves, v)
    return {"v": v, "Q": q, "k": q.argmax(axis=0) + 1}


def polynomial_normal_equations() -> Answers:
    x, y = np.array([-2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2]), np.array([3, 1, 0, -1, 0, 2, 1, -1])
    powers = np.vander(x, 5, increasing=True)
    normal = powers.T @ powers + 0.1 * np.eye(5)
    w = np.linalg.solve(normal, powers.T @ y)
    by_penalty = -np.linalg.solve(normal, w)
    errors = powers @ w - y
    return {
        **{f"w_{place}": weight for place, weight in enumerate(w, 1)},
        "L": (errors**2).mean(),
        "D": np.linalg.slogdet(normal)[1],
        "dL/dlambda": (2 * errors * (powers @ by_penalty)).mean(),
    }


def box_plot_outliers() -> Answers:
    v = np.array([7, 3, 20, 5, 6, 4, 5, 8])
    quartiles = np.quantile(v, [0.25, 0.75])
    upper = quartiles[1] + 1.5 * (quartiles[1] - quartiles[0])
    return {
        "m": np.median(v),
        "D": np.median(np.abs(v - np.median(v))),
        "q": quartiles,
        "u": upper,
        "n": (v > upper).sum(),
        "t": np.sort(v)[1:7].mean(),
    }


def bahdanau_attention() -> Answers:
    words, w = np.array([[1, 0], [0.5, 0.5], [0, 1]]), np.array([[1, 0.5], [-0.5, 1]])
    u, v, z = np.array([[0.2, 1], [0.4, -0.3]]), np.array([1, -1]), np.array([0.5, -0.5])
    states, contexts = [], []
    for _ in range(3):
        scores = np.tanh(w @ z + words @ u.T) @ v
        states.append(z)
        contexts.append(np.exp(scores) / np.exp(scores).sum() @ words)
        z = np.tanh(z + contexts[-1])
    return {
        "c": np.array(contexts),
        "z": np.array(states),
        "m": np.linalg.norm(np.array(contexts) - words.mean(axis=0), axis=1),
    }


def mixture_em() -> Answers:
    x = np.array([0, 1, 4, 5])
    f = np.exp(-(np.subtract.outer([1, 4], x) ** 2) / 2)
    r = f / f.sum(axis=0)
    m = r @ x / r.sum(axis=1)
    s = (r * np.subtract.outer(m, x) ** 2).sum(axis=1) / r.sum(axis=1)
    return {"m_new": m[0], "n_new": m[1], "s_new": s[0], "t_new": s[1], "pi1_new": r[0].mean()}


def word2vec_negative() -> Answers:
    v, u, n = np.array([0.5, -0.2]), np.array([0.3, 0.8]), np.array([[-0.4, 0.1], [0.6, 0.2]])
    a, b = sigmoid(u @ v) - 1, sigmoid(n @ v)
    return {
        "L": -np.log(sigmoid(u @ v)) - np.log(sigmoid(-n @ v)).sum(),
        "v_new": v - 0.1 * (a * u + b @ n),
        "u_new": u - 0.1 * a * v,
        "n_new": n - 0.1 * np.outer(b, v),
    }


def bias_variance() -> Answers:
    p = np.array([1.5, 2.5, 2.3])
    return {"B": (p.mean() - 2) ** 2, "V": p.var(), "E": ((p - 2) ** 2).mean() + 0.1}


def cross_validation() -> Answers:
    y = np.array([1, 2, 3, 4, 5, 9]).reshape(3, 2)
    e = [((y[k] - np.delete(y, k, axis=0).mean()) ** 2).mean() for k in range(3)]
    return {"e": e, "CV": np.mean(e), "s": np.std(e, ddof=1) / np.sqrt(3)}


def xavier_he() -> Answers:
    return {"a": np.sqrt(6 / 768), "s": 2 / 768, "h": np.sqrt(2 / 512), "z": 2}


def contrastive_infonce() -> Answers:
    s = np.array([[1, 0], [0.6, 0.8]]) @ np.array([[0.8, 0.6], [0, 1]]).T / 0.5
    p, q = (np.exp(t) / np.exp(t).sum(axis=1, keepdims=True) for t in (s, s.T))
    return {"P": p, "L": -np.log([*np.diag(p), *np.diag(q)]).mean()}


def reward_model() -> Answers:
    kl = 0.5 * np.log(1.25) + 0.3 * np.log(0.75)
    return {"L": -np.log(sigmoid(0.8)), "KL": kl, "J": 1 - 0.2 * kl, "dL/dr": np.array([-1, 1]) * sigmoid(-0.8)}


def resnet_block() -> Answers:
    x = np.array([1, -1])

    def loss(p: np.ndarray) -> float:
        h = p[:4].reshape(2, 2) @ x
        s = p[4:8].reshape(2, 2) @ np.where(h.real > 0, h, 0) + x
        return (2 - p[8:] @ np.where(s.real > 0, s, 0)) ** 2 / 2

    p = np.array([0.5, -0.5, 0.2, 0.1, 0.3, 0.7, 0.4, -0.2, 1, 2])
    new = p - 0.1 * gradient(loss, p)
    return {f"w{i + 1}_new": new[i] for i in range(10)}


def bidirectional_rnn() -> Answers:
    x, t = [1, 0, 2], np.array([1, 0, 1])

    def loss(p: np.ndarray) -> float:
        def states(inputs: list[int], w: complex, u: complex) -> np.ndarray:
            h, all_h = 0, []
            for value in inputs:
                h = np.tanh(w * value + u * h)
                all_h.append(h)
            return np.array(all_h)

        y = p[2] * states(x, p[0], p[1]) + p[5] * states(x[::-1], p[3], p[4])[::-1]
        return ((t - y) ** 2).sum() / 2

    p = np.array([0.5, 0.4, 1, -0.3, 0.6, 0.5])
    g = gradient(loss, p)
    names = ("w_fwd", "u_fwd", "v_fwd", "w_bwd", "u_bwd", "v_bwd")
    return {"E_total": loss(p), **{f"dE_total/d{name}": g[i] for i, name in enumerate(names)}}


def bigram_sampling() -> Answers:
    p = (np.array([[2, 3, 0], [1, 0, 4], [5, 1, 1]]) + 1) / np.array([[8], [8], [10]])
    return {"P": p, "k": np.searchsorted(np.cumsum(p[1]), 0.55) + 1, "PP": (p[0, 1] * p[1, 2] * p[2, 0]) ** (-1 / 3)}


def pca_reconstruction() -> Answers:
    x, m, u = np.array([3, 1, 2]), np.ones(3), np.array([[0.6, 0.8, 0], [0, 0, 1]])
    y = m + u.T @ u @ (x - m)
    return {"y": y, "e": (x - y) @ (x - y), "s": 2.56 / 5}


def adaboost_two_rounds() -> Answers:
    y, w, found = np.array([1, 1, -1, -1, 1]), np.full(5, 0.2), []
    for h in ([1, 1, 1, -1, 1], [1, -1, -1, -1, 1]):
        e = w[h != y].sum()
        found.append(np.log((1 - e) / e) / 2)
        w = w * np.exp(-found[-1] * y * h)
        w /= w.sum()
    return {"a": found[0], "b": found[1], "f": 0.125, "H": [1, -1, -1, -1, 1]}


def viterbi_backtrace() -> Answers:
    p, a, b = np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([[0.5, 0.1], [0.4, 0.3], [0.1, 0.6]])
    paths = np.einsum("i,i,ij,j,jk,k->ijk", p, b[0], a, b[1], a, b[2])
    best = np.unravel_index(np.argmax(paths), paths.shape)
    return {"k1": best[0] + 1, "k2": best[1] + 1, "k3": best[2] + 1}


def average_precision() -> Answers:
    return {"AP": (1 + 0.75 + 0.75) / 4}


def calibration_error() -> Answers:
    p, t = np.array([0.95, 0.8, 0.7, 0.4, 0.3, 0.1]), np.array([1, 1, 0, 1, 0, 0])
    return {"ECE": sum(abs((t[k] - p[k]).mean()) / 2 for k in (p > 0.5, p <= 0.5))}


def capsule_routing() -> Answers:
    u, b = np.array([[1, 0.5], [0.8, 0.6], [-0.5, 1]]), np.zeros(3)
    for _ in range(3):
        s = sigmoid(b) @ u
        v = s * np.sqrt(s @ s) / (1 + s @ s)
        b = b + u @ v
    return {"v_new2": v}


def nucleus_sampling() -> Answers:
    p = softmax(np.array([2, 1, 0.5, -1]) / 0.8)[:3]
    return {"r": [*p / p.sum(), 0], "w": 2}


def fourier_four() -> Answers:
    z = np.fft.fft([1, 2, 0, -1])
    return {"a": z.real, "b": z.imag, "P": abs(z) ** 2}


def forward_mode() -> Answers:
    return {"D": 5.5, "df/dx": 5.5, "df/dy": 2 - np.cos(5)}


def monte_carlo_values() -> Answers:
    return {"A": (1 + 1.5) / 2, "B": (2 + 1.75) / 2}


def runge_kutta_ode() -> Answers:
    def f(h: float) -> float:
        return np.tanh(0.5 * h + 0.2)

    a = f(1)
    b = f(1 + a / 4)
    c = f(1 + b / 4)
    return {"E": 1 + a / 2, "R": 1 + (a + 2 * b + 2 * c + f(1 + c / 2)) / 12}


def boltzmann_partition() -> Answers:
    p = np.exp([[0, 0.2], [-0.5, 0.7]])
    p /= p.sum()
    return {"p": p, "q": p[1].sum(), "c": p[1, 1] / p[:, 1].sum(), "m": p[1, 1] - p[1].sum() * p[:, 1].sum()}


def speculative_decoding() -> Answers:
    return {"alpha": 0.8, "r": [0, 0.5, 0.5], "n": 1 + 0.8 + 0.64 + 0.512}


def focal_smoothing() -> Answers:
    p, q, r = softmax([2, 0, -1]), softmax([0.5, 0.25, 0]), softmax([1, 0, -0.5])
    t = 0.9 * np.eye(3)[0] + 0.1 / 3
    return {"F": -((1 - p[0]) ** 2) * np.log(p[0]), "L": -t @ np.log(p), "D": 4 * q @ np.log(q / r)}


def leaky_spikes() -> Answers:
    v, found = 0.0, {}
    for step in range(1, 5):
        v = 0.8 * v + 0.5
        v = 0 if v >= 1 else v
        found["v_new" + str(step) * (step > 1)] = v
    return found


def harris_corner() -> Answers:
    x = np.array([[1, 2, 1], [0, 3, 2], [1, 1, 4]])
    g, h = (x[:, 2] - x[:, 0]) @ [1, 2, 1] / 8, (x[2] - x[0]) @ [1, 2, 1] / 8
    m = np.outer([g, h], [g, h]) + np.diag([1, 2])
    return {"m": np.hypot(g, h), "o": np.degrees(np.arctan2(h, g)), "R": np.linalg.det(m) - 0.04 * np.trace(m) ** 2}


def kernel_trick() -> Answers:
    x = np.array([[1, 0], [0, 1], [1, 1]])
    return {"k": 4, "s": 4, "G": np.exp(-((x[:, None] - x) ** 2).sum(axis=2) / 2)}


def triplet_hinge() -> Answers:
    a, p, n = np.array([1, 0]), np.array([0.8, 0.3]), np.array([0.5, 0.5])
    return {"L": 0.13, "dL/da": 2 * (n - p), "dL/dp": 2 * (p - a), "dL/dn": 2 * (a - n)}


def time_warping() -> Answers:
    c = abs(np.subtract.outer([1, 3, 4, 2], [1, 1, 3, 2]))

    def cheapest(i: int, j: int) -> float:
        before = [(i - 1, j), (i, j - 1), (i - 1, j - 1)]
        return c[i, j] + min((cheapest(*at) for at in before if min(at) >= 0), default=0)

    return {"D_4_4": cheapest(3, 3), "D_3_2": cheapest(2, 1)}


def exponential_average() -> Answers:
    x, b = np.array([10, 12, 9, 11]), 0.9
    weights = [b ** np.arange(t, -1, -1) for t in range(4)]
    return {"v_4": 0.1 * weights[3] @ x, "u_1": 10, "u_4": weights[3] @ x / weights[3].sum()}


def running_statistics() -> Answers:
    return {
        "M_3": 0.1 * (0.81 * 2 + 0.9 * 4 + 2),
        "V_3": 0.729 + 0.1 * (0.81 + 0.9 * 4 + 4),
        "y": 4.278 / np.sqrt(1.57),
    }


def word_error_rate() -> Answers:
    return {"WER": 2 / 6}


def zaki_relu_sigmoid() -> Answers:
    def loss(p: np.ndarray) -> float:
        return 1 / (1 + np.exp(-(p[2] * p[0] + p[3] * p[1]) * 4)) ** 2  # the third unit is silent

    p = np.array([1, 1, 0.5, 1])
    new = p - gradient(loss, p)
    return {"E_total": loss(p), "w1_new": new[0], "w2_new": new[1], "w4_new": new[2], "w5_new": new[3], "w3_new": -1}


def finite_differences() -> Answers:
    def loss(w: float) -> float:
        return (sigmoid(3 * w) - 5) ** 2

    n, s = (loss(2.01) - loss(1.99)) / 0.02, sigmoid(6)
    return {"g": 2 * (s - 5) * s * (1 - s) * 3, "n": n}


def autoencoder_linear() -> Answers:
    x, w = np.array([1, 2, 0]), np.array([[0.5, 0.2, -0.1], [-0.3, 0.1, 0.4]])
    v = np.array([[0.4, 0.1], [0.8, -0.2], [0.1, 0.5]])
    h = np.maximum(0, w @ x)
    d = 2 / 3 * (v @ h - x)
    return {"V_new": v - 0.1 * np.outer(d, h), "W_new": w - 0.1 * np.outer(v.T @ d * (h > 0), x)}


def depthwise_separable() -> Answers:
    x = np.array([[[1, 2, 0], [3, 4, 1], [0, 1, 2]], [[0, 1, 1], [1, 0, 2], [2, 1, 0]]])
    k = np.array([[[1, 0], [0, 1]], [[1, 1], [-1, 1]]])
    d = sum(k[:, i, j, None, None] * x[:, i : i + 2, j : j + 2] for i in range(2) for j in range(2))
    return {"d": d, "a": np.maximum(0, np.einsum("oc,cij->oij", [[0.5, 2], [1, -1]], d))}


def signal_stride_padding() -> Answers:
    x = np.concatenate([[0, 0], np.arange(1, 7), [0, 0]])

    def loss(k: np.ndarray) -> float:
        z = k[0] * x[:-4] + k[1] * x[2:-2] + k[2] * x[4:]
        return (1 - np.where(z.real > 0, z, 0).mean()) ** 2

    k = np.array([1, 0, -1])
    return {"E_total": loss(k), "k_new": k - 0.1 * gradient(loss, k)}


def causal_heads() -> Answers:
    x = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0]])
    c = np.zeros((3, 4))
    for h in (slice(0, 2), slice(2, 4)):
        for t in range(3):
            c[t, h] = softmax(x[: t + 1, h] @ x[t, h] / np.sqrt(2)) @ x[: t + 1, h]
    return {"C": c, "O": c @ [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]]}


def grouped_query_heads() -> Answers:
    x, t = np.array([[1, 0], [0, 1], [1, 1]]), np.array([[3, 1], [2, 2], [4, 0]])
    q, o = np.array([[1, 0, 1, 2], [0, 1, -1, 1]]), np.array([[1, 0], [0, 1], [1, 1], [1, -1]])

    def loss(kv: np.ndarray) -> float:
        total, keys, values = 0, x @ kv[0], x @ kv[1]
        for i in range(3):
            e = [np.exp(keys[: i + 1, h // 2] * (x[i] @ q[:, h])) for h in range(4)]
            c = np.array([e[h] @ values[: i + 1, h // 2] / e[h].sum() for h in range(4)])
            total += ((t[i] - c @ o) ** 2).sum() / 2
        return total

    start = np.array([[[1, 0], [1, 2]], [[2, 1], [0, 3]]], float)
    keys, values = start - 0.1 * gradient(loss, start)
    return {"E_total": loss(start), "W_K_new": keys, "W_V_new": values}


def group_norm() -> Answers:
    x = np.array([[[1, 2], [0, 1]], [[3, 1], [1, 0]], [[0, 2], [1, 1]], [[2, 2], [1, 0]]], float)
    groups = x.reshape(2, -1)
    scaled = (groups - groups.mean(1, keepdims=True)) / np.sqrt(groups.var(1, keepdims=True) + 0.001)

    def output(p: np.ndarray) -> np.ndarray:
        y = p[0, :4, None] * scaled.reshape(4, 4) + p[1, :4, None]
        return np.where(y.real > 0, y, 0).mean(1) @ [1, -1, 2, 1] + p[1, 4]

    start = np.array([[1, 2, 1, 0.5, 0], [0, 1, 0, -1, 0.5]])
    new = start - 0.1 * gradient(lambda p: (2 - output(p)) ** 2 / 2, start)
    return {"y": output(start), "gamma_n_new": new[0, :4], "beta_n_new": new[1, :4], "b_new": new[1, 4]}


def grouped_queries() -> Answers:
    q = np.array([[1, 0], [0, 1], [1, 1], [-1, 1]])
    k, v = np.array([[[1, 0], [0.5, 1]], [[0, 1], [1, -1]]]), np.array([[[2, 0], [0, 2]], [[1, 1], [3, -1]]])
    return {"O": [softmax(k[h // 2] @ q[h] / np.sqrt(2)) @ v[h // 2] for h in range(4)]}


def rnn_classes_clipped() -> Answers:
    def loss(p: np.ndarray) -> float:
        h, total = 0, 0
        for t in range(2):
            h = np.tanh(p[t] + p[2] * h + p[3])
            s = p[4:6] * h + p[6:]
            total += np.log(np.exp(s).sum()) - s[t]
        return total

    p = np.array([0.5, -0.5, 0.9, 0, 1, -1, 0, 0])
    g = gradient(loss, p)
    new = p - 0.1 * g * min(1, 1 / np.sqrt(g @ g))
    return {
        "E_total": loss(p),
        "W_new": new[:2],
        "U_new": new[2],
        "b_new": new[3],
        "V_new": new[4:6],
        "b_y_new": new[6:],
    }


def pen_and_paper() -> Answers:
    def g(z: np.ndarray) -> np.ndarray:
        return np.where(z <= -10, 0, np.where(z >= 10, 1, 0.5))

    x = np.array([[0, 1, 1], [1, 1, 0], [1, 0, 1]])
    h = g(x @ np.array([[-20, 20, -40], [-40, 0, 0]]).T + [10, 20])
    return {f"out_o1_{i + 1}": value for i, value in enumerate(g(h @ [40, -40] + 20))}


def power_iteration() -> Answers:
    a = np.array([[2, 1], [1, 3]])
    v = np.linalg.matrix_power(a, 4) @ [1, 1]
    v = v / np.linalg.norm(v)
    return {"v_5": v, "l": v @ a @ v}


def kalman_series() -> Answers:
    p, m, found = 1.0, 0.0, []
    for z in (1.1, 0.9, 1.2):
        m, p = (0.1 * m + p * z) / (p + 0.1), 1 / (1 / p + 10) + 0.02
        found.append(m)
    return {"m": found, "P_4": p}


def hmm_vectors() -> Answers:
    p, a = np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.4, 0.6]])
    b = np.array([[0.5, 0.4, 0.1], [0.1, 0.3, 0.6]])
    return {"P": np.einsum("i,i,ij,j,jk,k->", p, b[:, 0], a, b[:, 1], a, b[:, 2])}


def siamese_pair() -> Answers:
    x, u = np.array([1, 2]), np.array([0, 1])

    def loss(p: np.ndarray) -> np.ndarray:
        w, b = p[:4].reshape(2, 2), p[4:]
        apart = np.tanh(w @ x + b) - np.tanh(w @ u + b)
        return (1 - np.sqrt(apart @ apart)) ** 2 / 2

    p = np.array([0.5, -0.2, 0.1, 0.4, 0.1, 0])
    new = p - 0.1 * gradient(loss, p)
    return {"L": loss(p), "W_new": new[:4], "b_new": new[4:]}


def mixture_density() -> Answers:
    def loss(p: np.ndarray) -> np.ndarray:
        shares, s = np.exp(p[:2]) / np.exp(p[:2]).sum(), np.exp(p[4:])
        return -np.log((shares * np.exp(-((0.5 - p[2:4]) ** 2) / (2 * s**2)) / (s * np.sqrt(2 * np.pi))).sum())

    p = np.array([0.2, -0.1, 1, -1, 0.1, -0.2])
    g = gradient(loss, p)
    return {"L": loss(p), "dL/dz": g[:2], "dL/dm": g[2:4], "dL/dr": g[4:]}


def actor_critic_step() -> Answers:
    s, u = np.array([1, 0.5]), np.array([0, 1])
    theta, w = np.array([[0.2, -0.1], [0, 0.3]]), np.array([0.5, 0.1])
    delta = 1 + 0.9 * w @ u - w @ s
    score = np.outer([0, 1] - softmax(theta @ s), s)
    return {"delta": delta, "theta_new": theta + 0.1 * delta * score, "w_new": w + 0.2 * delta * s}


def double_q_targets() -> Answers:
    r, alive = np.array([1, 0, -1]), np.array([1, 1, 0])
    q, n = np.array([[1, 2], [0.5, 0.2], [0, 1]]), np.array([[2, 1.5], [0.3, 0.8], [1, 1]])
    t, rows = np.array([[1, 3], [0.6, 0.4], [2, 0]]), np.arange(3)
    y, z = r + 0.9 * alive * t.max(1), r + 0.9 * alive * t[rows, n.argmax(1)]
    taken = q[rows, [1, 0, 0]]
    return {"y": y, "y_d": z, "L": np.mean((y - taken) ** 2), "L_d": np.mean((z - taken) ** 2)}


def message_passing() -> Answers:
    a = np.array([[0, 1, 1, 1], [1, 0, 1, 0], [1, 1, 0, 1], [1, 0, 1, 0]])
    h, w, b = np.array([[1, 0], [0, 1], [1, 1], [2, -1]]), np.array([[0.5, 0], [1, -0.5]]), np.array([[1, 0.5], [0, 1]])
    mean = np.diag(1 / a.sum(1)) @ a
    for _ in range(2):
        h = np.maximum(0, mean @ h @ w + h @ b)
    return {"H2": h, "g": h.mean()}


def rbm_free_energy() -> Answers:
    w, a, b, v = np.array([[1, -1], [0.5, 2]]), np.array([0.2, -0.1]), np.array([0, 0.5]), np.array([1, 0])
    below = b + v @ w
    return {"F": -a @ v - np.logaddexp(0, below).sum(), "p": sigmoid(below)}


def echo_state_ridge() -> Answers:
    w, v, y = np.array([[0, 0.5], [-0.5, 0.2]]), np.array([1, -0.5]), np.array([0, 1, 0, -1])
    states = [np.zeros(2)]
    for u in (1, 0, -1, 0.5):
        states.append(np.tanh(w @ states[-1] + v * u))
    h = np.array(states[1:])
    out = np.linalg.solve(h.T @ h + 0.1 * np.eye(2), h.T @ y)
    return {"H": h, "w": out, "E": np.mean((h @ out - y) ** 2)}


def pointer_generator() -> Answers:
    words, looks, gate = softmax([1, 0, 0.5, -1]), softmax([0.2, 1, 0.2]), sigmoid(0.3)
    copied = np.bincount([3, 1, 3], weights=looks, minlength=4)
    mixed = gate * words + (1 - gate) * copied
    return {"p": mixed, "L": -np.log(mixed[3])}


def svm_dual_line() -> Answers:
    # The hard margin of one point on each side: the plane halves the way between them.
    near, far = np.array([1, 1]), np.array([-1, 0])
    w = 2 * (near - far) / ((near - far) @ (near - far))
    b = -w @ (near + far) / 2
    points, signs = np.array([near, [2, 2], far]), np.array([1, 1, -1])
    return {"w": w, "b": b, "m": 1 / np.linalg.norm(w), "h": signs * (points @ w + b)}


def nadaraya_watson() -> Answers:
    x, y = np.arange(4), np.arange(4) ** 2
    k = np.exp(-(np.subtract.outer(x, x) ** 2) / 0.5)
    others = k - np.eye(4)
    at = np.exp(-((x - 1.5) ** 2) / 0.5)
    left = others @ y / others.sum(1)
    return {"f": at @ y / at.sum(), "L": left, "E": np.mean((y - left) ** 2)}


def lasso_sweeps() -> Answers:
    x, y, w = np.array([[1, 0.5], [0, 1], [-1, 1]]), np.array([2, 1, -1]), np.zeros(2)
    for _ in range(2):
        for j in range(2):
            rest = y - x @ w + x[:, j] * w[j]
            p = x[:, j] @ rest
            w[j] = np.sign(p) * max(0, abs(p) - 0.5) / (x[:, j] @ x[:, j])
    return {"w_new2": w}


def logistic_newton() -> Answers:
    x, y, w = np.array([[1, 0], [1, 1], [1, 2], [1, 3]]), np.array([0, 0, 1, 1]), np.zeros(2)
    for _ in range(2):
        p = sigmoid(x @ w)
        w = w - np.linalg.solve(x.T * (p * (1 - p)) @ x, x.T @ (p - y))
    return {"w_new2": w}


def topic_gibbs() -> Answers:
    q = np.array([3.5 * 2.1 / 10.5, 1.5 * 4.1 / 12.5])
    return {"p": q / q.sum()}


def k_medoids() -> Answers:
    x = np.array([[2, 6], [3, 4], [3, 8], [7, 3], [7, 4], [6, 2]])
    d = np.abs(x[:, None] - x).sum(2)
    return {"C": d[:, [0, 3]].min(1).sum(), "E": d[:, [0, 4]].min(1).sum(), "better": 0}


def regression_tree() -> Answers:
    y = np.array([5, 6, 12, 14, 13])
    gains = [y.var() - (k * y[:k].var() + (5 - k) * y[k:].var()) / 5 for k in range(1, 5)]
    return {"G": gains, "b": np.argmax(gains) + 1}


def forest_out_of_bag() -> Answers:
    t = np.array([[1, 0, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0], [1, 1, 1]])
    out = 1 - np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [0, 1, 0]])
    share = (t * out).sum(0) / out.sum(0)
    return {"v": t.sum(0), "o": share, "e": np.mean((share > 0.5) != [1, 0, 1])}


def baum_welch() -> Answers:
    p, a, b = np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([[0.5, 0.5], [0.1, 0.9]])
    seen, first = (0, 1, 0), np.zeros(2)
    moves, shows = np.zeros((2, 2)), np.zeros((2, 2))
    total = 0.0
    # Every path of states counts with its own probability: no forward and no backward pass.
    for path in product((0, 1), repeat=3):
        weight = p[path[0]] * np.prod(a[path[:2], path[1:]]) * np.prod(b[path, seen])
        total += weight
        first[path[0]] += weight
        np.add.at(moves, (path[:2], path[1:]), weight)
        np.add.at(shows, (path, seen), weight)
    rows = [table / table.sum(1, keepdims=True) for table in (moves, shows)]
    return {"L": total, "p1": first / total, "A1": rows[0], "B1": rows[1]}


def crf_gradient() -> Answers:
    e, t = np.array([[1, 0], [0.5, 1], [0, 2]]), np.array([[0.5, -0.5], [-1, 1]])

    def score(tags: tuple[int, ...]) -> float:
        return sum(e[np.arange(3), tags]) + sum(t[tags[:2], tags[1:]])

    paths = list(product((0, 1), repeat=3))
    chances = softmax([score(tags) for tags in paths])
    marginal = np.zeros((3, 2))
    for tags, chance in zip(paths, chances, strict=True):
        marginal[np.arange(3), tags] += chance
    return {"P": chances[paths.index((0, 1, 1))], "dL/dE": marginal - [[1, 0], [0, 1], [0, 1]]}


def stationary_solve() -> Answers:
    p = np.array([[0.9, 0.075, 0.025], [0.15, 0.8, 0.05], [0.25, 0.25, 0.5]])
    return {"pi": np.linalg.matrix_power(p, 500)[0]}


def td_lambda() -> Answers:
    # Forward view of an episode: but values change on the way, so the backward view step by step.
    v, trace = np.zeros(3), np.zeros(3)
    for s, r, after in ((0, 0, 1), (1, 1, 0), (0, 2, 2)):
        trace *= 0.9 * 0.8
        trace[s] += 1
        v += 0.5 * (r + 0.9 * v[after] - v[s]) * trace
    return {"W_4": v[:2]}


def shewchuk_descent() -> Answers:
    a, b, x = np.array([[3, 2], [2, 6]]), np.array([2, -8]), np.array([-2.0, -2.0])
    for _ in range(2):
        r = b - a @ x
        x = x + (r @ r) / (r @ a @ r) * r
    return {"x_new2": x, "f_new2": x @ a @ x / 2 - b @ x}


def entropy_newton() -> Answers:
    k, slope = np.array([1, 2, 3]), 0.0
    for _ in range(3):
        p = softmax(slope * k)
        slope -= (p @ k - 2.5) / (p @ k**2 - (p @ k) ** 2)
    return {"lambda_new3": slope}


def bayesian_line() -> Answers:
    phi, t, at = np.array([[1, 0], [1, 1], [1, 2]]), np.array([1, 2, 2]), np.array([1, 3])
    # As a Gaussian process: the covariances of the observations, and none of the weights.
    k = phi @ phi.T + np.eye(3) / 4
    gain = np.linalg.solve(k, phi @ at)
    return {"y": gain @ t, "s2": 1 / 4 + at @ at - gain @ (phi @ at)}


def wilson_interval() -> Answers:
    # The ends are where the observed share is z standard deviations away.
    ends = np.roots([1 + 1.96**2 / 100, -(2 * 0.12 + 1.96**2 / 100), 0.12**2])
    half = 1.96 * np.sqrt(0.12 * 0.88 / 100)
    return {"W": np.sort(ends), "I": [0.12 - half, 0.12 + half], "epsilon": np.sqrt(np.log(40) / 200)}


def kneser_ney() -> Answers:
    c = np.array([[0, 2, 1], [1, 0, 3], [0, 1, 0]])
    total, kinds = c.sum(1, keepdims=True), (c > 0).sum(1, keepdims=True)
    after = (c > 0).sum(0) / (c > 0).sum()
    return {"P": (np.maximum(c - 0.75, 0) + 0.75 * kinds * after) / total}


def wgan_penalty() -> Answers:
    def critic(w: np.ndarray, v: np.ndarray, q: float) -> np.ndarray:
        return v @ np.tanh(w * q)

    def loss(p: np.ndarray) -> np.ndarray:
        w, v = p[:2], p[2:]
        slope = v @ (w / np.cosh(w * 0.95) ** 2)
        return critic(w, v, 0.5) - critic(w, v, 2) + 10 * (-slope - 1) ** 2

    p = np.array([1, -0.5, 0.8, 1.2])
    g = gradient(loss, p)
    return {"L": loss(p), "dL/dw": g[:2], "dL/dv": g[2:]}


def pegasos() -> Answers:
    w, points = np.zeros(2), ((1, (1, 2)), (-1, (-1, 1)), (1, (2, -1)))
    for t, (y, x) in enumerate(points, start=1):
        sub = 0.5 * w - (y * np.array(x) if y * (w @ x) < 1 else 0)
        w = w - sub / (0.5 * t)
    return {"W_4": w, "E": 0.25 * w @ w + np.mean([max(0, 1 - y * (w @ x)) for y, x in points])}


WITNESSES: Mapping[str, Callable[[], Answers]] = {
    witness.__name__: witness
    for witness in (
        rnn_hidden_sigmoid,
        primelearn_backprop,
        yeh_mixture_of_experts,
        ctc_forward,
        cnn_backward,
        ppo_clip,
        dpo_pair,
        gae,
        reinforce,
        s4_discretization,
        rope,
        llama_block_parts,
        gaussian_process,
        tsne_affinities,
        normalizing_flow,
        graph_attention,
        dropout_scaling,
        beam_search,
        two_hidden_layers,
        softmax_batch,
        batchnorm_backward,
        softmax_jacobian,
        vae_kl,
        diffusion_step,
        gan_minimax,
        moe_top2,
        hessian_newton,
        quantize_int8,
        lora_update,
        lr_schedules,
        receptive_field,
        pagerank_four,
        ucb_bandit,
        policy_iteration,
        policy_evaluation_tensor,
        bahdanau_attention,
        box_plot_outliers,
        polynomial_normal_equations,
        mixture_em,
        word2vec_negative,
        bias_variance,
        cross_validation,
        xavier_he,
        contrastive_infonce,
        reward_model,
        resnet_block,
        bidirectional_rnn,
        bigram_sampling,
        pca_reconstruction,
        adaboost_two_rounds,
        viterbi_backtrace,
        average_precision,
        calibration_error,
        capsule_routing,
        nucleus_sampling,
        fourier_four,
        forward_mode,
        monte_carlo_values,
        runge_kutta_ode,
        boltzmann_partition,
        speculative_decoding,
        focal_smoothing,
        leaky_spikes,
        harris_corner,
        kernel_trick,
        triplet_hinge,
        time_warping,
        exponential_average,
        running_statistics,
        word_error_rate,
        zaki_relu_sigmoid,
        finite_differences,
        autoencoder_linear,
        depthwise_separable,
        signal_stride_padding,
        causal_heads,
        group_norm,
        grouped_query_heads,
        grouped_queries,
        rnn_classes_clipped,
        pen_and_paper,
        power_iteration,
        kalman_series,
        hmm_vectors,
        siamese_pair,
        mixture_density,
        actor_critic_step,
        double_q_targets,
        message_passing,
        rbm_free_energy,
        echo_state_ridge,
        pointer_generator,
        svm_dual_line,
        nadaraya_watson,
        lasso_sweeps,
        logistic_newton,
        topic_gibbs,
        k_medoids,
        regression_tree,
        forest_out_of_bag,
        baum_welch,
        crf_gradient,
        stationary_solve,
        td_lambda,
        shewchuk_descent,
        entropy_newton,
        bayesian_line,
        wilson_interval,
        kneser_ney,
        wgan_penalty,
        pegasos,
    )
}

"""What the laboratory's two random experiments give for each seed, computed in numpy, apart from the Java code.

    python make_theory.py > seeds.json

The random numbers are java.util.SplittableRandom's (JDK 17), so that every draw is the same.
"""
import json
import math

import numpy as np

MASK = (1 << 64) - 1


class Draws:
    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return ((z ^ (z >> 31)) >> 11) * 2.0**-53

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def place(self, distribution):
        u, total = self.uniform(), 0.0
        for i, p in enumerate(distribution):
            total += p
            if u < total:
                return i
        return len(distribution) - 1


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# Online learning: the variants in the order of OnlineLearning.VARIANTS, as (term, weight, second answer of the reference)
TRUTH = np.array([0.5, 0.4, 0.3, 1.0])
REFERENCE = np.array([0.45, 0.30, 0.245, 0.005])
VARIANTS = [
    ("none", 0, False), ("none", 0, True), ("chosen", 0.05, False), ("chosen", 0.05, True),
    ("reference", 0.01, True), ("reference", 0.05, True), ("reference", 0.2, True), ("reference", 0.05, False),
    ("previous", 0.05, True), ("previous", 0.05, False),
]


def gibbs(rewards):
    z = np.log(REFERENCE) + rewards / 0.1
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def online(term, weight, against_reference, seeds=200):
    draws = [Draws(seed) for seed in range(seeds)]
    wins = np.zeros((seeds, 4, 4))
    rewards = np.full((seeds, 4), 0.5)
    for _ in range(25):
        policy = gibbs(rewards)
        for s, row in enumerate(policy.tolist()):
            for _ in range(20):
                i = draws[s].place(row)
                j = draws[s].place(REFERENCE if against_reference else row)
                u = draws[s].uniform()
                if i != j:
                    first = u < 1 / (1 + math.exp(TRUTH[j] - TRUTH[i]))
                    wins[(s, i, j) if first else (s, j, i)] += 1
        pairs = wins.sum((1, 2))
        known = (pairs > 0)[:, None]
        shares = wins / np.maximum(pairs, 1)[:, None, None]
        anchor = {"chosen": shares.sum(2), "reference": REFERENCE, "previous": policy, "none": policy}[term]
        sign = weight if term == "chosen" else -weight
        for _ in range(300):
            pull = shares * sigmoid(rewards[:, None, :] - rewards[:, :, None])
            slope = pull.sum(1) - pull.sum(2) + sign * (gibbs(rewards) - anchor)
            rewards = np.where(known, np.clip(rewards - 0.5 * slope, 0, 1), rewards)
    return {"best": [round(p, 9) for p in gibbs(rewards)[:, 3].tolist()], "pairs": [int(n) for n in wins.sum((1, 2))]}


# Ensembles: the first member's weights and the gold reward of its choice of 1024, by seed
def fit(rows, prior):
    weights = prior.copy()

    def loss(w):
        return np.logaddexp(0, -(rows @ w)).mean() + 0.005 * ((w - prior) ** 2).sum()

    for _ in range(100):
        win = sigmoid(rows @ weights)
        slope = -(rows * (1 - win)[:, None]).mean(0) + 0.01 * (weights - prior)
        curvature = (rows.T * (win * (1 - win))) @ rows / len(rows) + 0.01 * np.eye(3)
        step = np.linalg.solve(curvature, slope)
        t = 1.0
        while loss(weights - t * step) > loss(weights) - 1e-4 * t * (slope @ step) + 1e-16 and t > 1e-10:
            t /= 2
        weights = weights - t * step
        if np.abs(slope).max() < 1e-13:
            break
    return weights


def best_of(score, gold, n):
    total = len(gold)
    sorted_gold = gold[np.argsort(score, kind="stable")]
    log_choose = lambda a, b: math.lgamma(a + 1) - math.lgamma(b + 1) - math.lgamma(a - b + 1)
    return sum(math.exp(log_choose(i - 1, n - 1) - log_choose(total, n)) * sorted_gold[i - 1] for i in range(n, total + 1))


def ensembles(gold_of, seeds=40):
    members, chosen = [], []
    for seed in range(1000, 1000 + seeds):
        d = Draws(seed)
        x = np.array([(d.normal(), d.normal(), 1.0 if d.uniform() < 0.02 else 0.0) for _ in range(2048)])
        gold = gold_of(x)
        covered = np.flatnonzero(x[:, 2] == 0)
        rows = []
        for _ in range(100):
            i = covered[int(d.uniform() * len(covered))]
            j = covered[int(d.uniform() * len(covered))]
            difference = x[i] - x[j]
            rows.append(difference if d.uniform() < sigmoid(gold[i] - gold[j]) else -difference)
        rows = np.array(rows)
        fitted = []
        for _ in range(5):
            prior = np.array([1.5 * d.normal() for _ in range(3)])
            fitted.append(fit(rows[[int(d.uniform() * 100) for _ in range(100)]], prior))
        scores = x @ np.array(fitted).T
        scores = scores - scores.mean(0)
        members.append([round(w, 9) for w in fitted[0].tolist()])
        gold = gold - gold.mean()
        chosen.append([round(best_of(s, gold, 1024), 9) for s in (scores[:, 0], scores.mean(1), scores.min(1))])
    return {"member": members, "single_mean_wco": chosen}


if __name__ == "__main__":
    print(json.dumps({
        "online": [online(*variant) for variant in VARIANTS],
        "uncovered": ensembles(lambda x: x[:, 0] + 0.5 * x[:, 1] - 3 * x[:, 2]),
        "shared_bias": ensembles(lambda x: x[:, 0] + x[:, 1] - 0.35 * x[:, 1] ** 2 - 3 * x[:, 2]),
    }))

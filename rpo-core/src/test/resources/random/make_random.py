#!/usr/bin/env python3
"""Writes random.json: what CPython's random.Random draws.

usage: make_random.py > random.json        (CPython 3.11)
"""
import json
import random

seeds = [0, 1, 1234, -1234, 2**31 - 1, 2**40 + 7, "abc", "", "is_switched_outputsx0", "Janet’s ducks", "x" * 1000]
samples = [(7473, 5), (1119, 25), (10, 3), (21, 5), (22, 5), (84, 6), (85, 6), (86, 6), (100, 100), (1, 1), (5, 0), (300, 16), (1045, 64), (1046, 64)]
cases = []
for seed in seeds:
    r = random.Random(seed)
    case = {"seed": seed, "bits": [r.getrandbits(32) for _ in range(4)], "random": [r.random() for _ in range(3)]}
    case["randrange"] = [r.randrange(n) for n in (1, 2, 3, 4, 5, 1000, 2**31 - 1)]
    case["randint"] = [r.randint(0, 1) for _ in range(16)]
    case["choices"] = r.choices(range(7), k=8)
    case["samples"] = [{"n": n, "k": k, "drawn": r.sample(range(n), k)} for n, k in samples]
    shuffled = list(range(20))
    r.shuffle(shuffled)
    case["shuffled"] = shuffled
    cases.append(case)
print("[" + ",\n".join(json.dumps(case) for case in cases) + "]")

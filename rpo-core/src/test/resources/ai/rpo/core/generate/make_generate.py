#!/usr/bin/env python3
"""Writes greedy.json and sampling.json beside this file: what transformers makes of the same models and logits, in float64.

usage: make_generate.py [FAMILY...]        (all of them, if none is named; torch 2.15, transformers 5.23)
greedy.json    for each model of ../../../../families two continuations, without a cache: plain, and under a repetition
               penalty; from prompts where the best two scores are always apart, so that float32 has no excuse to differ
sampling.json  rows of logits, what was said before, settings, and the probabilities that transformers would draw from
"""
import json
import sys
from pathlib import Path

import torch
import transformers as tf

HERE = Path(__file__).parent
TOKENS, PENALTY, SMALLEST_GAP = 40, 1.3, 2e-3


@torch.no_grad()
def greedy(model, prompt, penalty):
    processor = tf.RepetitionPenaltyLogitsProcessor(penalty) if penalty != 1 else None
    ids, gap = list(prompt), float("inf")
    for _ in range(TOKENS):
        scores = model(input_ids=torch.tensor([ids])).logits[:, -1]
        if processor:
            scores = processor(torch.tensor([ids]), scores)
        best = scores[0].topk(2)
        gap = min(gap, (best.values[0] - best.values[1]).item())
        ids.append(best.indices[0].item())
    return {"prompt": prompt, "repetition_penalty": penalty, "ids": ids[len(prompt):], "smallest_gap": gap}


def clear(model, length, penalty):
    generator = torch.Generator().manual_seed(length)
    while True:
        case = greedy(model, [1] + torch.randint(3, 13, (length - 1,), generator=generator).tolist(), penalty)
        if case["smallest_gap"] > SMALLEST_GAP:
            return case


def sampling():
    generator = torch.Generator().manual_seed(3)
    rows = [(torch.randn(24, generator=generator, dtype=torch.float64) * 2).tolist() for _ in range(3)]
    rows.append([1.0, 3.0, 3.0, -2.0, 3.0, 0.5, 1.0, -7.0])  # ties
    rows.append([0.0] * 6)
    settings = [(1, 0, 1, 1), (0.5, 0, 1, 1), (2, 3, 1, 1), (1, 0, 0.9, 1), (0.7, 5, 0.8, 1), (1, 0, 1, 1.5), (1.3, 4, 0.5, 0.6),
                (1, 1, 1, 1), (1, 100, 0.01, 1)]
    cases = []
    for row in rows:
        for temperature, top_k, top_p, penalty in settings:
            # The processors that GenerationMixin._get_logits_processor makes of these settings, in its order.
            chain = tf.LogitsProcessorList()
            if penalty != 1:
                chain.append(tf.RepetitionPenaltyLogitsProcessor(float(penalty)))
            if temperature != 1:
                chain.append(tf.TemperatureLogitsWarper(float(temperature)))
            if top_k:
                chain.append(tf.TopKLogitsWarper(top_k))
            if top_p < 1:
                chain.append(tf.TopPLogitsWarper(top_p))
            seen = [1, 4, 4, 2]
            scores = chain(torch.tensor([seen]), torch.tensor([row], dtype=torch.float64))
            cases.append({"logits": row, "seen": seen, "temperature": temperature, "top_k": top_k, "top_p": top_p,
                          "repetition_penalty": penalty, "probabilities": scores.softmax(-1)[0].tolist()})
    return cases


families = HERE.parents[3] / "families"
continued = json.loads((HERE / "greedy.json").read_text()) if sys.argv[1:] else {}
for folder in sorted(f for f in families.iterdir() if f.is_dir() and (not sys.argv[1:] or f.name in sys.argv[1:])):
    model = tf.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager",
                                                    experts_implementation="eager").eval()
    continued[folder.name] = [clear(model, length, penalty) for length, penalty in ((3, 1.0), (6, 1.0), (3, PENALTY))]
    print(folder.name, [round(c["smallest_gap"], 5) for c in continued[folder.name]])
(HERE / "greedy.json").write_text(json.dumps(dict(sorted(continued.items()))))
(HERE / "sampling.json").write_text(json.dumps(sampling()))

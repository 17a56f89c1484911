#!/usr/bin/env python3
"""Writes what transformers makes of the loss that balances the use of experts, for the mixtures in ../families.

usage: make_balance.py [FAMILY...]        (all of them, if none is named; torch 2.15, transformers 5.23)
FAMILY.json          the loss over all pairs, by transformers' load_balancing_loss_func; its weight; the RPO loss and both together
FAMILY.safetensors   the gradient of both together, under the names in memory

The rows are those that a packed batch has: a pair's prompt once, no completion's last token, and in the last layer those
alone that predict a token.
"""
import importlib
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
WEIGHT = 0.3


def make(family):
    folder = HERE.parent / "families" / family
    golden = json.loads((folder / "expected.json").read_text())
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, experts_implementation="eager").eval().double()
    balancing = importlib.import_module(type(model).__module__).load_balancing_loss_func
    rows, losses = [], []
    for pair in golden["pairs"]:
        prompt, logps = pair["prompt"], {}
        for side in ("chosen", "rejected"):
            out = model(input_ids=torch.tensor([prompt + pair[side][:-1]]), output_router_logits=True)
            logps[side] = torch.log_softmax(out.logits[0, len(prompt) - 1:], -1).gather(
                1, torch.tensor(pair[side])[:, None]).sum()
            layers = [layer.reshape(-1, layer.shape[-1]) for layer in out.router_logits]
            first = 0 if side == "chosen" else len(prompt)
            kept = [layer[first:] for layer in layers[:-1]]
            rows.append(kept + [layers[-1][max(first, len(prompt) - 1):]])
        margin = golden["beta"] * ((logps["chosen"] - pair["ref_chosen_logp"]) - (logps["rejected"] - pair["ref_rejected_logp"]))
        losses.append(-F.logsigmoid(margin) - golden["eta"] * golden["beta"] * logps["chosen"])
    gates = tuple(torch.cat(layer) for layer in zip(*rows))
    balance = balancing(gates, gates[0].shape[-1], model.config.num_experts_per_tok)
    loss = torch.stack(losses).mean()
    total = loss + WEIGHT * balance
    total.backward()
    save_file({n: p.grad.float().contiguous().clone() for n, p in model.named_parameters()}, HERE / f"{family}.safetensors")
    expected = {"weight": WEIGHT, "aux_loss": balance.item(), "loss": loss.item(), "total_loss": total.item()}
    (HERE / f"{family}.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(family, expected)


for name in sys.argv[1:] or ("mixtral", "qwen2_moe", "qwen3_moe", "olmoe", "gpt_oss"):
    make(name)

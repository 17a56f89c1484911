#!/usr/bin/env python3
"""Writes adapters of reward models as PEFT saves them beside this file, each with the run that PyTorch makes of it, in float64.

usage: make_reward.py        (torch 2.15, transformers 5.23, peft 0.21)
FAMILY_reward/adapter_config.json, adapter_model.safetensors   an adapter on ../families/FAMILY with a head, before the run
FAMILY_reward/trained.safetensors                              the same after it
FAMILY_reward/expected.json     each step's loss and gradient norm, and the rewards of all completions before and after, after with
                                the adapter merged into the weights by PEFT
"""
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForSequenceClassification

HERE = Path(__file__).parent
STEPS, RATE = 8, 0.01
CASES = {
    "llama": dict(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj", "down_proj"]),
    "gemma2": dict(r=2, lora_alpha=4, target_modules="all-linear", use_dora=True),
}


def rewards(model, pairs):
    return [model(input_ids=torch.tensor([pair["prompt"] + pair[side]])).logits[0, 0] for pair in pairs for side in ("chosen", "rejected")]


def step(model, optimizer, pairs):
    optimizer.zero_grad()
    given = torch.stack(rewards(model, pairs))
    loss = -F.logsigmoid(given[0::2] - given[1::2]).mean()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], math.inf).item()
    optimizer.step()
    return {"loss": loss.item(), "grad_norm": norm}


def tensors(model):
    return {name: value.detach().float().contiguous() for name, value in get_peft_model_state_dict(model).items()}


for family, keys in CASES.items():
    torch.manual_seed(5)
    folder = HERE / f"{family}_reward"
    pairs = json.loads((HERE.parent / "families" / family / "expected.json").read_text())["pairs"]
    model = AutoModelForSequenceClassification.from_pretrained(
        HERE.parent / "families" / family, num_labels=1, pad_token_id=0, dtype=torch.float32).eval()
    with torch.no_grad():
        model.score.weight.normal_(std=0.3)
    model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", **keys))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.2)
    model.peft_config["default"].base_model_name_or_path = f"../../families/{family}"
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    model.double()
    with torch.no_grad():
        before = [reward.item() for reward in rewards(model, pairs)]
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=RATE, weight_decay=0)
    steps = [step(model, optimizer, pairs) for _ in range(STEPS)]
    save_file(tensors(model), folder / "trained.safetensors")
    model.merge_adapter()
    with torch.no_grad():
        after = [reward.item() for reward in rewards(model, pairs)]
    (folder / "expected.json").write_text(
        json.dumps({"learning_rate": RATE, "steps": steps, "before": before, "after": after}, indent=1) + "\n")
    print(f"{family}: loss {steps[0]['loss']:.6f} to {steps[-1]['loss']:.6f}; {sorted(tensors(model))[-1]}")

#!/usr/bin/env python3
"""Writes models that bitsandbytes quantised beside this file, with the log-probabilities of what their bits stand for.

usage: make_quantized.py [CASE...]        (torch 2.15, transformers 5.23, bitsandbytes 0.50)
CASE/config.json, model.safetensors   as transformers saves them
CASE/expected.json                    token ids of pairs, and the log-probability of each completion in float64, each
                                      quantised matrix having been unpacked by bitsandbytes
"""
import json
import sys
from pathlib import Path

import bitsandbytes as bnb
import torch
from bitsandbytes.functional import dequantize_4bit
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig

HERE = Path(__file__).parent
FAMILIES = HERE.parent / "families"
CASES = {
    "llama_nf4": ("llama", {}, dict(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32)),
    "llama_int8": ("llama", {}, dict(load_in_8bit=True)),
    # of rows of 64 numbers, which change places when they are read
    "glm4_nf4_double": ("glm4", dict(hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=4,
                                     num_key_value_heads=2, head_dim=16, initializer_range=0.2),
                        dict(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
                             bnb_4bit_compute_dtype=torch.float32)),
    # of rows that are not, and change places too
    "glm4_nf4_narrow": ("glm4", {}, dict(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
                                         bnb_4bit_compute_dtype=torch.float32)),
}


def logps(model, pairs):
    result = []
    with torch.no_grad():
        for pair in pairs:
            for side in ("chosen", "rejected"):
                logits = model(input_ids=torch.tensor([pair["prompt"] + pair[side]])).logits[0, len(pair["prompt"]) - 1:-1]
                result.append(torch.log_softmax(logits, -1).gather(1, torch.tensor(pair[side])[:, None]).sum().item())
    return result


def unpacked(module):
    weight = module.weight
    if isinstance(module, bnb.nn.Linear4bit):
        return dequantize_4bit(weight.data, weight.quant_state)
    return weight.data.double() * weight.SCB.double()[:, None] / 127


chosen = sys.argv[1:]
for case, (family, sizes, quantization) in CASES.items():
    if chosen and case not in chosen:
        continue
    torch.manual_seed(3)
    source = FAMILIES / family
    if sizes:
        config = AutoConfig.from_pretrained(source)
        for key, value in sizes.items():
            setattr(config, key, value)
        source = Path("/tmp") / ("quantized_source_" + case)
        AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(source)
    model = AutoModelForCausalLM.from_pretrained(
        source, dtype=torch.float32, quantization_config=BitsAndBytesConfig(**quantization), device_map="cpu").eval()
    folder = HERE / case
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "model.safetensors").chmod(0o644)
    pairs = json.loads((FAMILIES / family / "expected.json").read_text())["pairs"]
    plain = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float64).eval()
    modules, bits = dict(plain.named_modules()), 0
    for name, module in model.named_modules():
        if isinstance(module, (bnb.nn.Linear4bit, bnb.nn.Linear8bitLt)):
            modules[name].weight.data = unpacked(module).double()
            bits += module.weight.numel()
    expected = {"pairs": [{k: p[k] for k in ("prompt", "chosen", "rejected")} for p in pairs], "logps": logps(plain, pairs)}
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")
    print(case, expected["logps"][:2], bits)

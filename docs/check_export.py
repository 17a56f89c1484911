#!/usr/bin/env python3
"""Whether exported folders compute the same in transformers and peft.

Needs torch, transformers and peft. Each folder is a full model or an adapter whose adapter_config.json says where its
model is. All must give the logits of the first on the same random token ids.
"""
import argparse
import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM


def load(folder):
    if not (folder / "adapter_config.json").exists():
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    base = Path(json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"])
    base = folder / base if (folder / base).is_dir() else base
    return PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), folder)


@torch.no_grad()
def logits(folder):
    model = load(Path(folder)).eval()
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(3, model.config.vocab_size, (2, 24), generator=generator)
    return model(input_ids=ids).logits


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--tolerance", type=float, default=1e-4, help="part of the largest logit; bfloat16 needs 0.01")
parser.add_argument("first")
parser.add_argument("others", nargs="+")
arguments = parser.parse_args()

expected = logits(arguments.first)
failed = False
for other in arguments.others:
    off = ((logits(other) - expected).abs().max() / expected.abs().max()).item()
    failed |= not off <= arguments.tolerance
    print(f"{other}: {off:.1e} of the largest logit from {arguments.first}")
sys.exit(failed)

#!/usr/bin/env python3
"""Writes adapters as PEFT saves them beside this file, each with the run that PyTorch makes of it.

usage: make_lora.py [SHARED | CASE...]        (torch 2.15, transformers 5.23, peft 0.21)
CASE/adapter_config.json, adapter_model.safetensors   an adapter on ../families/FAMILY, before the run
CASE/trained.safetensors                              the adapter after it
CASE/expected.json     each step's loss and gradient norm, and the log-probabilities of all completions before and after,
                       after with the adapter merged into the weights by PEFT
A CASE alone makes that one. SHARED is the folder with golden/stories260k_run.json and models/stories260k; with it, stories260k is made too: the whole
run in float32, from a fresh adapter, at a higher learning rate. The tiny ones are computed in float64.
"""
import json
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
STEPS, RATE, STORIES_RATE = 8, 0.01, 2e-3
DROPOUT_SEED, MASK = 1, (1 << 64) - 1
CASES = {
    "llama_query_value": ("llama", dict(r=2, lora_alpha=3, target_modules=["q_proj", "v_proj"])),
    "llama_all": ("llama", dict(r=3, lora_alpha=4, use_rslora=True, target_modules="all-linear")),
    "qwen3_all": ("qwen3", dict(r=2, lora_alpha=4, target_modules="all-linear")),
    "gemma2_all": ("gemma2", dict(r=2, lora_alpha=4, target_modules="all-linear")),
    "phi3_fused": ("phi3", dict(r=2, lora_alpha=4, target_modules=["qkv_proj", "gate_up_proj"])),
    **{family + "_all": (family, dict(r=2, lora_alpha=4, target_modules="all-linear")) for family in (
        "ministral3", "gemma3", "olmo2", "olmo3", "smollm3", "granite", "exaone4", "glm4", "cohere2", "stablelm", "starcoder2",
        "phi", "gpt_neox")},
    **{family + "_attention": (family, dict(r=2, lora_alpha=4, target_modules=["q_proj", "k_proj", "v_proj", "o_proj"]))
       for family in ("mixtral", "qwen2_moe", "qwen3_moe", "olmoe", "gpt_oss")},
    "mixtral_experts": ("mixtral", dict(r=2, lora_alpha=4, target_modules=["q_proj"], rank_pattern={"experts.down_proj": 3},
                                        target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"])),
    "qwen3_moe_experts": ("qwen3_moe", dict(r=2, lora_alpha=4, target_modules=[], use_rslora=True,
                                            target_parameters=["experts.down_proj"])),
    "gpt_oss_experts": ("gpt_oss", dict(r=2, lora_alpha=4, target_modules=["v_proj"], alpha_pattern={"gate_up_proj": 3},
                                        target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"])),
    "llama_patterns": ("llama", dict(r=2, lora_alpha=4, use_rslora=True, target_modules=["q_proj", "k_proj", "v_proj", "down_proj"],
                                     rank_pattern={"v_proj": 3, "layers.1.self_attn.q_proj": 1},
                                     alpha_pattern={"k_proj": 9, "^model.layers.0.mlp.down_proj": 2})),
    "llama_layers": ("llama", dict(r=2, lora_alpha=4, target_modules=["q_proj", "gate_proj"], layers_to_transform=[1])),
    "llama_saved": ("llama", dict(r=2, lora_alpha=4, target_modules=["q_proj"], modules_to_save=["embed_tokens", "lm_head"])),
    "qwen3_saved": ("qwen3", dict(r=2, lora_alpha=4, target_modules=["q_proj"], modules_to_save=["norm", "embed_tokens"])),
    "granite_tied": ("granite", dict(r=2, lora_alpha=4, target_modules=["q_proj"], modules_to_save=["lm_head"],
                                     ensure_weight_tying=True)),
    "llama_dora": ("llama", dict(r=2, lora_alpha=4, target_modules="all-linear", use_dora=True)),
    "glm4_dora": ("glm4", dict(r=2, lora_alpha=4, target_modules="all-linear", use_dora=True)),
    "gpt2_dora": ("gpt2", dict(r=2, lora_alpha=4, target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True, use_dora=True)),
    "llama_dropout": ("llama", dict(r=2, lora_alpha=4, target_modules="all-linear", lora_dropout=0.3)),
    "llama_dora_dropout": ("llama", dict(r=2, lora_alpha=4, target_modules="all-linear", use_dora=True, lora_dropout=0.3)),
    "gpt2_all": ("gpt2", dict(r=2, lora_alpha=4, target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True)),
}


class Dropout(torch.nn.Module):
    """Drops what this project drops: it depends on a seed, the step, the pair and the token's row in it, and on the projections."""

    seeds = None  # of the rows of the sequence at hand

    def __init__(self, rate, first):
        super().__init__()
        self.rate, self.stream = rate, string_hash(first)

    def forward(self, x):
        if not self.training:
            return x
        mask = [[noise(noise(row, self.stream), column) >> 11 for column in range(x.shape[-1])] for row in Dropout.seeds]
        kept = torch.tensor(mask, dtype=torch.float64) / 2 ** 53 >= self.rate
        return x * kept.to(x.dtype) / (1 - self.rate)


def noise(seed, place):
    """SplitMix64, as Noise.java has it."""
    z = (seed + (place + 1) * 0x9e3779b97f4a7c15) & MASK
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9 & MASK
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb & MASK
    return z ^ (z >> 31)


def string_hash(text):
    """Java's, with its sign carried through all 64 bits."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xffffffff
    return (value - (1 << 32) if value >> 31 else value) & MASK


def replace_dropout(model, rate):
    for name, module in model.named_modules():
        if rate and hasattr(module, "lora_dropout"):
            first = name.removeprefix("base_model.model.")
            for others, one in (("k_proj", "q_proj"), ("v_proj", "q_proj"), ("up_proj", "gate_proj")):
                first = first.replace(others, one)  # projections of one input share a draw here
            module.lora_dropout["default"] = Dropout(rate, first)
    model.eval()


def rows(pair, side, step, number):
    """Seeds of the rows of one sequence of a packed pair, of which a completion's last token has no row."""
    seed = noise(noise(DROPOUT_SEED, step), number)
    prompt, before = len(pair["prompt"]), len(pair["chosen"]) - 1 if side == "rejected" else 0
    numbers = list(range(prompt)) + [prompt + before + i for i in range(len(pair[side]))]
    return [noise(seed, row) for row in numbers]


def completion_logp(model, prompt, completion):
    logits = model(input_ids=torch.tensor([prompt + completion])).logits[0, len(prompt) - 1:-1]
    return torch.log_softmax(logits, -1).gather(1, torch.tensor(completion)[:, None]).sum()


def both(model, pair, step=0, number=0):
    logps = []
    for side in ("chosen", "rejected"):
        Dropout.seeds = rows(pair, side, step, number)
        logps.append(completion_logp(model, pair["prompt"], pair[side]))
    return logps


def all_logps(model, pairs):
    with torch.no_grad():
        return [logp.item() for pair in pairs for logp in both(model, pair)]


def step(model, optimizer, pairs, beta, eta, max_norm, step_number=0):
    optimizer.zero_grad()
    total = 0
    model.train()
    for number, pair in enumerate(pairs):
        chosen, rejected = both(model, pair, step_number, number)
        margin = beta * ((chosen - pair["ref_chosen_logp"]) - (rejected - pair["ref_rejected_logp"]))
        loss = (-F.logsigmoid(margin) - eta * beta * chosen) / len(pairs)
        loss.backward()
        total += loss.item()
    norm = torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], max_norm).item()
    optimizer.step()
    model.eval()
    return {"loss": total, "grad_norm": norm}


def tensors(model):
    return {name: value.detach().float().contiguous() for name, value in get_peft_model_state_dict(model).items()}


def make(case, base, base_name, keys, dtype, random_b, train):
    torch.manual_seed(5)
    folder = HERE / case
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, experts_implementation="eager").eval()
    model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **keys))
    if random_b:
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "lora_B" in name:
                    parameter.normal_(std=0.2)
    model.peft_config["default"].base_model_name_or_path = base_name
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    model.to(dtype)
    replace_dropout(model, keys.get("lora_dropout", 0))
    expected = train(model)
    trained = {name: value for name, value in tensors(model).items()
               if not (keys.get("ensure_weight_tying") and "lm_head" in name)}  # which is the embedding
    save_file(trained, folder / "trained.safetensors")
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    losses = [s["loss"] for s in expected["steps"]]
    print(f"{case}: {sum(v.numel() for v in tensors(model).values())} parameters, loss {losses[0]:.6f} to {losses[-1]:.6f}")


def tiny(family):
    golden = json.loads((HERE.parent / "families" / family / "expected.json").read_text())

    def train(model):
        before = all_logps(model, golden["pairs"])
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=RATE, weight_decay=0)
        steps = [step(model, optimizer, golden["pairs"], golden["beta"], golden["eta"], math.inf, s) for s in range(STEPS)]
        trained = {k: v.clone() for k, v in model.state_dict().items()}
        model.merge_adapter()
        after = all_logps(model, golden["pairs"])
        model.unmerge_adapter()
        model.load_state_dict(trained)
        return {"learning_rate": RATE, "steps": steps, "before": before, "after": after}
    return train


def stories(golden):
    run = golden["runs"]["rpo"]

    def train(model):
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], weight_decay=0)
        batch, steps = golden["batch"], []
        total = golden["epochs"] * len(golden["pairs"]) // batch
        warm_up = total // 10
        for s in range(total):
            progress = (s - warm_up) / (total - warm_up)
            optimizer.param_groups[0]["lr"] = STORIES_RATE * (
                (s + 1) / warm_up if s < warm_up else 0.5 * (1 + math.cos(math.pi * progress)))
            start = s * batch % len(golden["pairs"])
            pairs = golden["pairs"][start:start + batch]
            steps.append(step(model, optimizer, pairs, golden["beta"], run["eta"], golden["max_grad_norm"]))
        return {"learning_rate": STORIES_RATE, "steps": steps, "after": all_logps(model, golden["pairs"][:batch])}
    return train


chosen = [case for case in sys.argv[1:] if case in CASES]
for case, (family, keys) in CASES.items():
    if chosen and case not in chosen:
        continue
    make(case, HERE.parent / "families" / family, f"../../families/{family}", keys, torch.float64, True, tiny(family))
if len(sys.argv) > 1 and not chosen:
    shared = Path(sys.argv[1])
    golden = json.loads((shared / "golden/stories260k_run.json").read_text())
    make("stories260k", shared / "models/stories260k", "stories260k",
         dict(r=4, lora_alpha=8, target_modules="all-linear"), torch.float32, False, stories(golden))

#!/usr/bin/env python3
"""Writes one tiny random reward model per family beside this file, with what PyTorch computes for it in float64.

usage: make_rewards.py [FAMILY...]        (all of them, if none is named; torch 2.15, transformers 5.23)
FAMILY/config.json, model.safetensors   *ForSequenceClassification with one label; the options of ../families/make_families.py
FAMILY/expected.json                    token ids of preference pairs with margins, the reward of each completion as
                                        transformers gives it, the Bradley-Terry loss with centring and its parts
FAMILY/grads.safetensors                its gradient
llama_padded                            padding is EOS, which transformers passes over at the end of a completion
llama_openrlhf                          the same decoder as OpenRLHF saves it (openrlhf/models/model.py): value_head, mean and std
"""
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers as tf
from safetensors.torch import load_file, save_file

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "families"))
from make_families import FAMILIES, LENGTHS, VOCABULARY  # noqa: E402

CENTER, MEAN, STD = 0.05, 0.3, 1.7
MARGINS = (0.0, 0.5, 1.0, 0.25, 0.0, 2.0)
MADE = ("llama mistral ministral3 mixtral qwen2 qwen2_moe qwen3 qwen3_moe gemma gemma2 gemma3 olmo2 olmo3 smollm3 exaone4 glm4 "
        "stablelm starcoder2 phi phi3 phi3_longrope gpt_neox gpt_oss gpt2").split()


def make_pairs(generator):
    def ids(count):
        return torch.randint(3, VOCABULARY, (count,), generator=generator).tolist()

    return [{"prompt": [1] + ids(p), "chosen": ids(c) + [2], "rejected": ids(r) + [2], "margin": margin}
            for (p, c, r), margin in zip(LENGTHS, MARGINS)]


def write(folder, model, pairs):
    def rewards(side):
        return torch.stack([model(input_ids=torch.tensor([p["prompt"] + p[side]])).logits[0, 0] for p in pairs])

    chosen, rejected = rewards("chosen"), rewards("rejected")
    margins = torch.tensor([p["margin"] for p in pairs], dtype=torch.float64)
    preference = -F.logsigmoid(chosen - rejected - margins).mean()
    center = ((chosen + rejected) ** 2).mean()
    loss = preference + CENTER * center
    model.zero_grad()
    loss.backward()
    save_file({n: p.grad.float().contiguous().clone() for n, p in model.named_parameters()},
              folder / "grads.safetensors")
    expected = {"center": CENTER, "pairs": pairs, "rewards": {"chosen": chosen.tolist(), "rejected": rejected.tolist()},
                "loss": loss.item(), "loss_preference": preference.item(), "loss_center": center.item()}
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


def make(name, family, changes):
    torch.manual_seed(7)
    _, options = FAMILIES[family]
    options = dict(dict(options, num_labels=1, pad_token_id=0), **changes)
    model = tf.AutoModelForSequenceClassification.from_config(FAMILIES[family][0](**options)).eval()
    with torch.no_grad():
        for tensor, parameter in model.named_parameters():
            if parameter.ndim == 1 or tensor.endswith("_bias"):
                parameter.add_(0.3 * torch.randn_like(parameter))
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    model.float().save_pretrained(folder)
    write(folder, model.double(), make_pairs(torch.Generator().manual_seed(11)))
    return folder


def to_openrlhf(source, folder):
    folder.mkdir(exist_ok=True)
    tensors = load_file(source / "model.safetensors")
    tensors["value_head.weight"] = tensors.pop("score.weight")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((source / "config.json").read_text())
    for key in ("id2label", "label2id"):
        del config[key]
    config.update(architectures=["RewardModel"], mean=MEAN, std=STD, normalize_reward=False)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    expected = json.loads((source / "expected.json").read_text())
    rewards = {side: [(r - MEAN) / STD for r in values] for side, values in expected["rewards"].items()}
    (folder / "expected.json").write_text(json.dumps({"pairs": expected["pairs"], "rewards": rewards}) + "\n")


if __name__ == "__main__":
    for family in sys.argv[1:] or MADE:
        make(family, family, {})
    if sys.argv[1:]:
        sys.exit()
    make("llama_padded", "llama", {"pad_token_id": 2})
    to_openrlhf(HERE / "llama", HERE / "llama_openrlhf")

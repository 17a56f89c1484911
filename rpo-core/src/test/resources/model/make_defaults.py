#!/usr/bin/env python3
"""Writes defaults.json: what transformers takes for a config.json that holds nothing but its model_type.

usage: make_defaults.py > defaults.json        (transformers 5.23)
"""
import json
import sys

import torch
import transformers as tf
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES as CLASSIFIERS

FAMILIES = ("llama mistral ministral3 qwen2 qwen3 gemma gemma2 gemma3_text olmo2 olmo3 smollm3 granite exaone4 glm4 cohere2 "
            "stablelm starcoder2 phi phi3 gpt_neox gpt2 mixtral qwen2_moe qwen3_moe olmoe gpt_oss").split()
ONLY_WINDOWS_TURN = ("cohere2", "exaone4")


def first(config, *names):
    return next(value for value in (getattr(config, name, None) for name in names) if value is not None)


def slowest(rope, rotated):
    """The last of the frequencies, which yarn divides by its factor."""
    return rope["rope_theta"] ** (2 / rotated - 1) / (rope["factor"] if rope["rope_type"] == "yarn" else 1)


def rotation(config, family, types, head_dim):
    rope = config.rope_parameters
    turned = getattr(config, "no_rope_layers", None) or [1] * len(types)
    if family in ONLY_WINDOWS_TURN:
        turned = [t == "sliding_attention" for t in types]
    rotated = int(head_dim * rope.get("partial_rotary_factor", 1))
    return rotated, [slowest(rope.get(t, rope), rotated) if turns else None for t, turns in zip(types, turned)]


out = []
for family in FAMILIES:
    config = tf.AutoConfig.for_model(family)
    with torch.device("meta"):
        parameters = sum(p.numel() for p in tf.AutoModelForCausalLM.from_config(config).parameters())
    heads, layers = config.num_attention_heads, config.num_hidden_layers
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    eos = config.eos_token_id
    window = getattr(config, "sliding_window", None)
    types = getattr(config, "layer_types", None) or ["full_attention" if window is None else "sliding_attention"] * layers
    windows = [window if t == "sliding_attention" else 0 for t in types] if window else []
    rotated, slow = (0, []) if family == "gpt2" else rotation(config, family, types, head_dim)
    scale = getattr(config, "attention_multiplier", None) or getattr(config, "query_pre_attn_scalar", head_dim) ** -0.5
    out.append({
        "model_type": family,
        "classifier": CLASSIFIERS.get(family),
        "parameters": parameters,
        "vocabularySize": config.vocab_size,
        "hiddenSize": config.hidden_size,
        "intermediateSize": getattr(config, "intermediate_size", 4 * config.hidden_size),
        "layers": layers,
        "heads": heads,
        "keyValueHeads": getattr(config, "num_key_value_heads", heads),
        "headDim": head_dim,
        "normEpsilon": first(config, "rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"),
        "contextLength": config.max_position_embeddings,
        "tiedHead": config.tie_word_embeddings,
        "eosIds": [] if eos is None else eos if isinstance(eos, list) else [eos],
        "rotated": rotated,
        "slowest": slow,
        "scale": scale,
        "windows": windows,
        "scoreCap": getattr(config, "attn_logit_softcapping", None) or 0,
        "logitCap": getattr(config, "final_logit_softcapping", None) or 0,
        "embedding": config.hidden_size ** 0.5 if family.startswith("gemma") else getattr(config, "embedding_multiplier", 1),
        "residual": getattr(config, "residual_multiplier", 1),
        "logits": getattr(config, "logit_scale", None) or 1 / getattr(config, "logits_scaling", 1),
        "experts": getattr(config, "num_local_experts", None) or getattr(config, "num_experts", 0),
        "chosen": getattr(config, "num_experts_per_tok", 0),
        "sharesOfAll": getattr(config, "norm_topk_prob", True) is False,
    })
json.dump(out, sys.stdout, indent=1)

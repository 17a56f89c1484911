#!/usr/bin/env python3
"""Writes rotary.json: the frequencies that transformers computes from a config.json, in double precision.

usage: make_rotary.py > rotary.json        (transformers 5.23, torch 2.15)
Each case is a config.json as a file would have it; "inverse" and "attention_factor" are what the model's rotary
embedding holds, "long_inverse" what it turns to beyond the original length. transformers asks for
torch.float explicitly, so float32 is made to mean float64 first.
"""
import json
import sys

import torch

torch.float = torch.float32 = torch.float64
torch.Tensor.float = torch.Tensor.double
import transformers  # noqa: E402
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding  # noqa: E402
from transformers.models.phi3.modeling_phi3 import Phi3RotaryEmbedding  # noqa: E402

small = {"model_type": "llama", "vocab_size": 97, "hidden_size": 64, "intermediate_size": 56, "num_hidden_layers": 1,
         "num_attention_heads": 4, "max_position_embeddings": 512}
llama3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}


def long_rope(pairs):
    return {"short_factor": [1 + 0.1 * i for i in range(pairs)], "long_factor": [1 + 0.7 * i for i in range(pairs)]}


cases = {
    "default of an empty config": {},
    "older default": {"rope_theta": 100000.0, "rope_scaling": None},
    "newer default": {"rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}},
    "head_dim": {"head_dim": 24, "rope_theta": 10000},
    "older linear": {"rope_theta": 10000.0, "rope_scaling": {"type": "linear", "factor": 4.0}},
    "newer linear": {"rope_parameters": {"rope_type": "linear", "factor": 2.5, "rope_theta": 20000.0}},
    "older llama3": {"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", **llama3}},
    "newer llama3": {"rope_parameters": {"rope_type": "llama3", "rope_theta": 10000.0, **llama3}},
    "llama3, original length outside": {"original_max_position_embeddings": 128,
                                         "rope_parameters": {"rope_type": "llama3", "rope_theta": 10000.0, **llama3}},
    "older yarn": {"rope_theta": 10000.0,
                   "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}},
    "yarn without original length": {"rope_parameters": {"rope_type": "yarn", "factor": 4.0, "rope_theta": 10000.0}},
    "yarn with betas": {"rope_parameters": {"rope_type": "yarn", "factor": 8.0, "rope_theta": 10000.0, "beta_fast": 16,
                                            "beta_slow": 2, "original_max_position_embeddings": 64}},
    "yarn, not truncated": {"rope_parameters": {"rope_type": "yarn", "factor": 8.0, "rope_theta": 10000.0,
                                                "truncate": False, "original_max_position_embeddings": 64}},
    "yarn with attention factor": {"rope_parameters": {"rope_type": "yarn", "factor": 8.0, "rope_theta": 10000.0,
                                                       "attention_factor": 1.5,
                                                       "original_max_position_embeddings": 64}},
    "yarn with mscale": {"rope_parameters": {"rope_type": "yarn", "factor": 8.0, "rope_theta": 10000.0, "mscale": 0.7,
                                             "mscale_all_dim": 1.0, "original_max_position_embeddings": 64}},
    "yarn with factor null": {"rope_parameters": {"rope_type": "yarn", "factor": None, "rope_theta": 10000.0,
                                                  "original_max_position_embeddings": 64}},
    "yarn, all columns in range": {"rope_parameters": {"rope_type": "yarn", "factor": 2.0, "rope_theta": 100.0,
                                                       "original_max_position_embeddings": 400}},
    "both keys": {"rope_theta": 7000.0, "rope_scaling": {"type": "linear", "factor": 4.0},
                  "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}},
    "longrope": {"rope_parameters": {"rope_type": "longrope", "rope_theta": 10000.0,
                                     "original_max_position_embeddings": 64, **long_rope(8)}},
    "longrope with factor": {"rope_parameters": {"rope_type": "longrope", "rope_theta": 10000.0, "factor": 3.0,
                                                 "original_max_position_embeddings": 64, **long_rope(8)}},
    "longrope with attention factor": {"rope_parameters": {
        "rope_type": "longrope", "rope_theta": 10000.0, "attention_factor": 1.25,
        "original_max_position_embeddings": 64, **long_rope(8)}},
    "phi3": {"model_type": "phi3"},
    "phi3, partial": {"model_type": "phi3", "partial_rotary_factor": 0.75, "rope_theta": 20000.0},
    "phi3, longrope": {"model_type": "phi3", "original_max_position_embeddings": 128, "rope_theta": 10000.0,
                       "rope_scaling": {"type": "longrope", **long_rope(8)}},
    "phi3, partial longrope under its first name": {
        "model_type": "phi3", "original_max_position_embeddings": 128, "partial_rotary_factor": 0.75,
        "rope_scaling": {"type": "su", "original_max_position_embeddings": 128, **long_rope(6)}},
}

out = []
for name, keys in cases.items():
    config = {**small, **keys}
    phi3 = config["model_type"] == "phi3"
    config_class = transformers.Phi3Config if phi3 else transformers.LlamaConfig
    rotary = (Phi3RotaryEmbedding if phi3 else LlamaRotaryEmbedding)(config_class(**json.loads(json.dumps(config))))
    assert rotary.inv_freq.dtype == torch.float64
    case = {"name": name, "config": config, "inverse": rotary.inv_freq.tolist(),
            "attention_factor": float(rotary.attention_scaling)}
    original_length = rotary.config.rope_parameters.get("original_max_position_embeddings")
    if rotary.rope_type == "longrope":
        rotary(torch.zeros(1, 1), torch.tensor([[original_length]]))
        case["long_inverse"] = rotary.inv_freq.tolist()
        case["long_beyond"] = original_length
    out.append(case)
json.dump(out, sys.stdout, indent=1)

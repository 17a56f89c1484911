#!/usr/bin/env python3
"""Writes defaults.json: what transformers takes for a config.json that holds nothing but its model_type.

usage: make_defaults.py > defaults.json        (transformers 5.23)
"""
import json
import sys

import transformers as tf

out = []
for family in ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "phi3", "gpt2"):
    config = tf.AutoConfig.for_model(family)
    heads = config.num_attention_heads
    eos = config.eos_token_id
    windows = None
    if getattr(config, "sliding_window", None) is not None:
        types = getattr(config, "layer_types", ["sliding_attention"] * config.num_hidden_layers)
        windows = [config.sliding_window if t == "sliding_attention" else 0 for t in types]
    out.append({
        "model_type": family,
        "vocabularySize": config.vocab_size,
        "hiddenSize": config.hidden_size,
        "intermediateSize": getattr(config, "intermediate_size", 4 * config.hidden_size),
        "layers": config.num_hidden_layers,
        "heads": heads,
        "keyValueHeads": getattr(config, "num_key_value_heads", heads),
        "headDim": getattr(config, "head_dim", None) or config.hidden_size // heads,
        "normEpsilon": getattr(config, "rms_norm_eps", None) or config.layer_norm_epsilon,
        "contextLength": config.max_position_embeddings,
        "tiedHead": config.tie_word_embeddings,
        "eosIds": [] if eos is None else [eos],
        "theta": (getattr(config, "rope_parameters", None) or {}).get("rope_theta"),
        "windows": windows or [],
        "scoreCap": getattr(config, "attn_logit_softcapping", None) or 0,
        "logitCap": getattr(config, "final_logit_softcapping", None) or 0,
    })
json.dump(out, sys.stdout, indent=1)

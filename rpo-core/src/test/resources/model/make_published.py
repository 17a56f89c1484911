#!/usr/bin/env python3
"""Writes published.json: sizes of published checkpoints, as their config.json has them, with the number of parameters that
transformers makes of each.

usage: make_published.py > published.json        (torch 2.15, transformers 5.23)
Only what makes a difference to shapes and arithmetic is kept of each file; what is not said has transformers' default.
"""
import json
import sys

import torch
import transformers as tf


def sizes(vocabulary, hidden, inner, layers, heads, key_values, context, **others):
    return dict(vocab_size=vocabulary, hidden_size=hidden, intermediate_size=inner, num_hidden_layers=layers,
                num_attention_heads=heads, num_key_value_heads=key_values, max_position_embeddings=context, **others)


def neox(*numbers, **others):
    return {key: value for key, value in sizes(*numbers, **others).items() if key != "num_key_value_heads"}


LLAMA3 = dict(rope_theta=500000.0, rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                                     original_max_position_embeddings=8192))
OLMO3 = dict(rope_theta=500000, sliding_window=4096, rope_scaling=dict(
    rope_type="yarn", factor=8.0, original_max_position_embeddings=8192, beta_fast=32, beta_slow=1,
    attention_factor=1.2079441541679836))
EXAONE4 = dict(rope_theta=1000000, rope_scaling=dict(rope_type="llama3", factor=16.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                                     original_max_position_embeddings=8192))
GRANITE = dict(rms_norm_eps=1e-5, rope_theta=10000000.0, embedding_multiplier=12.0, residual_multiplier=0.22,
               tie_word_embeddings=True)
FULL, SLIDING = "full_attention", "sliding_attention"
MODELS = {
    "Llama-3.2-1B": ("llama", sizes(128256, 2048, 8192, 16, 32, 8, 131072, head_dim=64, rms_norm_eps=1e-5,
                                    tie_word_embeddings=True, **LLAMA3)),
    "Llama-3.1-8B": ("llama", sizes(128256, 4096, 14336, 32, 32, 8, 131072, rms_norm_eps=1e-5, **LLAMA3)),
    "SmolLM2-135M": ("llama", sizes(49152, 576, 1536, 30, 9, 3, 8192, rms_norm_eps=1e-5, rope_theta=100000,
                                    tie_word_embeddings=True)),
    "Mistral-7B-v0.1": ("mistral", sizes(32000, 4096, 14336, 32, 32, 8, 32768, rms_norm_eps=1e-5, sliding_window=4096)),
    "Ministral-3-3B": ("ministral3", sizes(131072, 3072, 9216, 26, 32, 8, 262144, head_dim=128, tie_word_embeddings=True)),
    "Ministral-3-8B": ("ministral3", sizes(131072, 4096, 14336, 34, 32, 8, 262144, head_dim=128)),
    "Qwen2.5-0.5B": ("qwen2", sizes(151936, 896, 4864, 24, 14, 2, 32768, rope_theta=1000000.0, tie_word_embeddings=True)),
    "Qwen3-0.6B": ("qwen3", sizes(151936, 1024, 3072, 28, 16, 8, 40960, head_dim=128, rope_theta=1000000,
                                  tie_word_embeddings=True)),
    "Qwen3-8B": ("qwen3", sizes(151936, 4096, 12288, 36, 32, 8, 40960, head_dim=128, rope_theta=1000000)),
    "gemma-2b": ("gemma", sizes(256000, 2048, 16384, 18, 8, 1, 8192, head_dim=256)),
    "gemma-2-2b": ("gemma2", sizes(256000, 2304, 9216, 26, 8, 4, 8192, head_dim=256)),
    "gemma-3-270m": ("gemma3_text", sizes(262144, 640, 2048, 18, 4, 1, 32768, head_dim=256, sliding_window=512)),
    "gemma-3-1b": ("gemma3_text", sizes(262144, 1152, 6912, 26, 4, 1, 32768, head_dim=256, sliding_window=512,
                                        sliding_window_pattern=6, rope_theta=1000000, rope_local_base_freq=10000)),
    "OLMo-2-0425-1B": ("olmo2", sizes(100352, 2048, 8192, 16, 16, 16, 4096, rms_norm_eps=1e-6, rope_theta=500000)),
    "OLMo-2-1124-7B": ("olmo2", sizes(100352, 4096, 11008, 32, 32, 32, 4096, rms_norm_eps=1e-6, rope_theta=500000)),
    "OLMo-2-0325-32B": ("olmo2", sizes(100352, 5120, 27648, 64, 40, 8, 4096, rms_norm_eps=1e-6, rope_theta=500000)),
    "Olmo-3-7B": ("olmo3", sizes(100278, 4096, 11008, 32, 32, 32, 65536, rms_norm_eps=1e-6, **OLMO3)),
    "SmolLM3-3B": ("smollm3", sizes(128256, 2048, 11008, 36, 16, 4, 65536, rope_theta=5000000.0)),
    "granite-3.3-2b": ("granite", sizes(49159, 2048, 8192, 40, 32, 8, 131072, attention_multiplier=0.015625, logits_scaling=8.0,
                                        **GRANITE)),
    "granite-3.3-8b": ("granite", sizes(49159, 4096, 12800, 40, 32, 8, 131072, attention_multiplier=0.0078125,
                                        logits_scaling=16.0, **GRANITE)),
    "EXAONE-4.0-1.2B": ("exaone4", sizes(102400, 2048, 4096, 30, 32, 8, 65536, head_dim=64, tie_word_embeddings=True,
                                         sliding_window=None, layer_types=[FULL] * 30, **EXAONE4)),
    "EXAONE-4.0-32B": ("exaone4", sizes(102400, 5120, 27392, 64, 40, 8, 131072, head_dim=128, sliding_window=4096,
                                        layer_types=[SLIDING, SLIDING, SLIDING, FULL] * 16, **EXAONE4)),
    "GLM-4-9B-0414": ("glm4", sizes(151552, 4096, 13696, 40, 32, 2, 32768, head_dim=128, rms_norm_eps=1e-5,
                                    attention_bias=True)),
    "GLM-4-32B-0414": ("glm4", sizes(151552, 6144, 23040, 61, 48, 8, 32768, head_dim=128, rms_norm_eps=1e-5,
                                     attention_bias=False)),
    "c4ai-command-r7b-12-2024": ("cohere2", sizes(256000, 4096, 14336, 32, 32, 8, 132096, rope_theta=50000, logit_scale=0.25,
                                                  sliding_window=4096, sliding_window_pattern=4)),
    "stablelm-2-1_6b": ("stablelm", sizes(100352, 2048, 5632, 24, 32, 32, 4096, use_qkv_bias=True)),
    "stablelm-3b-4e1t": ("stablelm", sizes(50304, 2560, 6912, 32, 32, 32, 4096)),
    "starcoder2-3b": ("starcoder2", sizes(49152, 3072, 12288, 30, 24, 2, 16384, rope_theta=999999.4420358813,
                                          sliding_window=4096)),
    "starcoder2-7b": ("starcoder2", sizes(49152, 4608, 18432, 32, 36, 4, 16384, rope_theta=1000000, sliding_window=4096)),
    "phi-1_5": ("phi", sizes(51200, 2048, 8192, 24, 32, None, 2048)),
    "phi-2": ("phi", sizes(51200, 2560, 10240, 32, 32, 32, 2048, partial_rotary_factor=0.4)),
    "Phi-3-mini-4k": ("phi3", sizes(32064, 3072, 8192, 32, 32, 32, 4096, sliding_window=2047)),
    "pythia-160m": ("gpt_neox", neox(50304, 768, 3072, 12, 12, 0, 2048, rotary_pct=0.25, rotary_emb_base=10000)),
    "pythia-6.9b": ("gpt_neox", neox(50432, 4096, 16384, 32, 32, 0, 2048, rotary_pct=0.25, rotary_emb_base=10000)),
    "gpt-neox-20b": ("gpt_neox", neox(50432, 6144, 24576, 44, 64, 0, 2048, hidden_act="gelu_fast", rotary_pct=0.25)),
    "Mixtral-8x7B-v0.1": ("mixtral", sizes(32000, 4096, 14336, 32, 32, 8, 32768, rms_norm_eps=1e-5, rope_theta=1000000.0,
                                           sliding_window=None, num_local_experts=8, num_experts_per_tok=2)),
    "Qwen1.5-MoE-A2.7B": ("qwen2_moe", sizes(151936, 2048, 5632, 24, 16, 16, 8192, rope_theta=1000000.0, moe_intermediate_size=1408,
                                             shared_expert_intermediate_size=5632, num_experts=60, num_experts_per_tok=4,
                                             norm_topk_prob=False, decoder_sparse_step=1, use_sliding_window=False)),
    "Qwen3-30B-A3B": ("qwen3_moe", sizes(151936, 2048, 6144, 48, 32, 4, 40960, head_dim=128, rope_theta=1000000.0,
                                         moe_intermediate_size=768, num_experts=128, num_experts_per_tok=8, norm_topk_prob=True,
                                         decoder_sparse_step=1, mlp_only_layers=[])),
    "OLMoE-1B-7B-0924": ("olmoe", sizes(50304, 2048, 1024, 16, 16, 16, 4096, num_experts=64, num_experts_per_tok=8,
                                        norm_topk_prob=False)),
    "gpt-oss-20b": ("gpt_oss", sizes(201088, 2880, 2880, 24, 64, 8, 131072, head_dim=64, rms_norm_eps=1e-5, rope_theta=150000,
                                     sliding_window=128, num_local_experts=32, num_experts_per_tok=4, swiglu_limit=7.0,
                                     attention_bias=True, layer_types=[SLIDING, FULL] * 12, rope_scaling=dict(
                                         rope_type="yarn", factor=32.0, beta_fast=32.0, beta_slow=1.0, truncate=False,
                                         original_max_position_embeddings=4096))),
    "gpt2": ("gpt2", dict(vocab_size=50257, n_embd=768, n_layer=12, n_head=12, n_positions=1024)),
}

out = []
for name, (family, keys) in MODELS.items():
    with torch.device("meta"):
        model = tf.AutoModelForCausalLM.from_config(tf.AutoConfig.for_model(family, **json.loads(json.dumps(keys))))
    out.append({"name": name, "parameters": sum(p.numel() for p in model.parameters()),
                "config": {"model_type": family, **keys}})
print("[\n" + ",\n".join(json.dumps(entry) for entry in out) + "\n]")

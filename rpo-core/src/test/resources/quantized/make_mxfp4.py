#!/usr/bin/env python3
"""Writes a tiny gpt-oss whose experts are in MXFP4, as the published checkpoints have them, into gpt_oss_mxfp4 beside this file.

usage: make_mxfp4.py        (torch 2.15, transformers 5.23)
config.json, model.safetensors   the model: blocks and scales of the experts, other weights in float32
expected.json                    sequences, and the log-probability of each token after the first, in float64 from the numbers that
                                 transformers makes of the blocks
experts.safetensors              those numbers
"""
import json
from pathlib import Path

import torch
import transformers as tf
from safetensors.torch import save_file
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

FOLDER = Path(__file__).parent / "gpt_oss_mxfp4"
EXPERTS, HIDDEN, INNER, VOCABULARY = 3, 64, 32, 11

torch.manual_seed(4)
FOLDER.mkdir(exist_ok=True)
config = tf.GptOssConfig(
    vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=INNER, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, head_dim=8, num_local_experts=EXPERTS, num_experts_per_tok=2, sliding_window=4,
    max_position_embeddings=64, initializer_range=0.3, bos_token_id=1, eos_token_id=2, pad_token_id=0)
config._attn_implementation = "eager"
config._experts_implementation = "eager"
model = tf.AutoModelForCausalLM.from_config(config).float().eval()
tensors, experts = {}, {}
state = model.state_dict()
for name, value in list(state.items()):
    if name.endswith(("gate_up_proj", "down_proj")):
        inputs, outputs = value.shape[1:]
        blocks = torch.randint(0, 256, (EXPERTS, outputs, inputs // 32, 16), dtype=torch.uint8)
        scales = torch.randint(122, 126, (EXPERTS, outputs, inputs // 32), dtype=torch.uint8)
        state[name] = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32)
        assert state[name].shape == value.shape
        tensors[name + "_blocks"], tensors[name + "_scales"] = blocks, scales
        experts[name] = state[name].clone()
    else:
        tensors[name] = value.clone().contiguous()
model.load_state_dict(state)
model.double()
save_file(tensors, FOLDER / "model.safetensors")
save_file(experts, FOLDER / "experts.safetensors")
settings = config.to_dict()
settings.pop("dtype", None)
settings["architectures"] = ["GptOssForCausalLM"]
settings["quantization_config"] = {
    "quant_method": "mxfp4",
    "modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]}
(FOLDER / "config.json").write_text(json.dumps(settings, indent=1) + "\n")
sequences = torch.randint(3, VOCABULARY, (3, 9)).tolist()
with torch.no_grad():
    logps = [torch.log_softmax(model(input_ids=torch.tensor([ids])).logits[0, :-1], -1)
             .gather(1, torch.tensor(ids[1:])[:, None])[:, 0].tolist() for ids in sequences]
(FOLDER / "expected.json").write_text(json.dumps({"sequences": sequences, "logps": logps}, indent=1) + "\n")
print(sum(sum(row) for row in logps))

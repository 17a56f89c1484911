#!/usr/bin/env python3
"""Writes what PyTorch computes in float64 for small models and adapters whose files are unusual.

usage: make_variants.py        (torch 2.15, transformers 5.23, peft 0.21)
configs.json    config.json with keys missing, null, old or of many meanings
adapters.json   adapter_config.json of many kinds, each with its tensors' shapes and the base's config.json

Weights are not stored: element i of a tensor is a function of its name and i, here in `numbers`, there in VariantModels.
An entry without "logps" is one that transformers or PEFT cannot load, or that says something else than they do with it.
"""
import json
import math
import os
import tempfile
import warnings
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
warnings.filterwarnings("ignore")
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora.config import BdLoraConfig, KasaConfig, MontecloraConfig
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

HERE = Path(__file__).parent
PROMPT, CHOSEN, REJECTED = [1] + [3 + i * 7 % 10 for i in range(14)], [4, 9, 2], [11, 2]
LLAMA_LIKE = dict(vocab_size=13, hidden_size=8, intermediate_size=6, num_hidden_layers=2, num_attention_heads=2,
                  num_key_value_heads=1, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
GPT2 = dict(vocab_size=13, n_embd=8, n_layer=2, n_head=2, n_positions=64, bos_token_id=1, eos_token_id=2)
PHI3 = dict(LLAMA_LIKE, hidden_size=16)


def numbers(name, shape):
    seed = sum((i + 1) * c for i, c in enumerate(name.encode())) % 1009
    size = math.prod(shape)
    values = [math.sin(seed + 0.7 * i + 0.001 * i * i) for i in range(size)]
    scaled = [0.5 + 0.2 * v if len(shape) == 1 else 0.4 * v for v in values]
    return torch.tensor(scaled, dtype=torch.float32).reshape(shape)


def fill(folder, file):
    tensors = {n: numbers(n, list(t.shape)) for n, t in load_file(f"{folder}/{file}").items()}
    save_file(tensors, f"{folder}/{file}", {"format": "pt"})
    return {n: list(t.shape) for n, t in tensors.items()}


def logp(model, completion):
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([PROMPT + completion])).logits[0, len(PROMPT) - 1:-1]
    return torch.log_softmax(logits, -1).gather(1, torch.tensor(completion)[:, None]).sum().item()


def loaded(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def base(folder, family, keys):
    AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **keys)).save_pretrained(folder)
    fill(folder, "model.safetensors")


def edited(path, remove, add):
    content = {k: v for k, v in json.loads(Path(path).read_text()).items() if k not in remove}
    content.update(add)
    for noise in ("architectures", "transformers_version", "torch_dtype", "dtype", "use_cache", "initializer_range", "peft_version"):
        content.pop(noise, None)
    if isinstance(content.get("target_modules"), list):
        content["target_modules"].sort()
    Path(path).write_text(json.dumps(content))
    return content


def config(name, family, settings, remove=(), add=None, without_prefix=False):
    with tempfile.TemporaryDirectory() as folder:
        base(folder, family, settings)
        entry = {"name": name, "config": edited(f"{folder}/config.json", remove, add or {})}
        if without_prefix:
            tensors = load_file(f"{folder}/model.safetensors")
            save_file({k.removeprefix("model."): v for k, v in tensors.items()}, f"{folder}/model.safetensors", {"format": "pt"})
            entry["without_prefix"] = "model."
        try:
            model = loaded(folder)
            model = model if settings.get("reorder_and_upcast_attn") else model.double()  # that is float32 by itself
            entry["logps"] = [logp(model, CHOSEN), logp(model, REJECTED)]
        except Exception as failure:
            print(f"{name}: {type(failure).__name__}: {str(failure)[:100]}")
        return entry


def llama(**keys):
    return dict(LLAMA_LIKE, **keys)


CONFIGS = [
    config("gemma with hidden_act", "gemma", llama(head_dim=6), ("hidden_activation", "tie_word_embeddings"),
           {"hidden_act": "gelu", "hidden_activation": None}),
    config("gemma2 without layer_types", "gemma2", llama(head_dim=6, sliding_window=4, query_pre_attn_scalar=12),
           ("layer_types", "tie_word_embeddings"), {"hidden_act": "gelu_pytorch_tanh"}),
    config("gemma2 without caps", "gemma2", llama(head_dim=6, sliding_window=4, attn_logit_softcapping=None,
                                                  final_logit_softcapping=None)),
    config("qwen2 with a window", "qwen2", llama(use_sliding_window=True, sliding_window=4, max_window_layers=1), ("layer_types",)),
    config("qwen2 with a window that is off", "qwen2", llama(use_sliding_window=False, sliding_window=4, max_window_layers=1)),
    config("mistral without a window", "mistral", llama(sliding_window=4), ("head_dim", "layer_types"), {"sliding_window": None}),
    config("mistral with wide heads", "mistral", llama(head_dim=16, sliding_window=4)),
    config("llama with old RoPE keys", "llama", llama(), ("rope_parameters", "rope_scaling", "head_dim"),
           {"rope_theta": 5000, "rope_scaling": {"type": "linear", "factor": 2}}),
    config("llama with few keys", "llama", llama(), ("rope_parameters", "rope_theta", "head_dim", "tie_word_embeddings",
           "attention_bias", "mlp_bias", "hidden_act", "rms_norm_eps")),
    config("llama with pretraining_tp", "llama", llama(), (), {"pretraining_tp": 2}),
    config("llama without num_key_value_heads", "llama", llama(num_key_value_heads=2), ("num_key_value_heads",)),
    config("llama with partial_rotary_factor", "llama", llama(), ("rope_parameters",), {"partial_rotary_factor": 0.5}),
    config("llama without prefix", "llama", llama(), without_prefix=True),
    config("phi3 that rotates a part", "phi3", dict(PHI3, partial_rotary_factor=0.5, sliding_window=4)),
    config("gpt2 with silu", "gpt2", dict(GPT2, activation_function="silu", n_inner=20)),
    config("gpt2 without scale", "gpt2", dict(GPT2, scale_attn_weights=False)),
    config("gpt2 with reorder_and_upcast_attn", "gpt2", dict(GPT2, reorder_and_upcast_attn=True)),
    config("gpt2 with exact gelu", "gpt2", dict(GPT2, activation_function="gelu")),
    config("qwen3 with biases", "qwen3", llama(head_dim=6, attention_bias=True)),
    config("rope_theta twice", "llama", llama(), (), {"rope_theta": 777.0}),
    config("rms_norm_eps as text", "llama", llama(), (), {"rms_norm_eps": "1e-5"}),
    config("llama3 with keys of yarn", "llama", llama(rope_parameters={
        "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8}), (), {"rope_scaling": {
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8, "beta_fast": 32.0, "attention_factor": None}}),
    config("yarn with mscale and attn_factor", "llama", llama(), ("rope_parameters",), {"rope_theta": 10000.0, "rope_scaling": {
        "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "mscale": 0.7, "mscale_all_dim": 1.0,
        "attn_factor": 2.0}}),
]
QV = ["q_proj", "v_proj"]


def adapter(name, family="llama", settings=LLAMA_LIKE, edit=None, rename=None, keep=None, **lora):
    with tempfile.TemporaryDirectory() as folder:
        base(f"{folder}/base", family, settings)
        entry = {"name": name, "config": edited(f"{folder}/base/config.json", (), {})}
        model = get_peft_model(loaded(f"{folder}/base"), LoraConfig(**(dict(
            r=3, lora_alpha=7, task_type="CAUSAL_LM", init_lora_weights=False) | lora)))
        model.save_pretrained(f"{folder}/adapter")
        entry["adapter"] = edited(f"{folder}/adapter/adapter_config.json", (), edit or {})
        if name != "names":  # that one has all that PEFT writes
            entry["adapter"] = {k: v for k, v in entry["adapter"].items() if v not in (None, False, {}, [])}
        shapes = fill(f"{folder}/adapter", "adapter_model.safetensors")
        if rename or keep:
            tensors = load_file(f"{folder}/adapter/adapter_model.safetensors")
            tensors = {(rename or str)(n): numbers((rename or str)(n), list(t.shape)) for n, t in tensors.items() if not keep or keep(n)}
            shapes = {n: list(t.shape) for n, t in tensors.items()}
            save_file(tensors, f"{folder}/adapter/adapter_model.safetensors", {"format": "pt"})
        entry["tensors"] = shapes
        try:
            tuned = PeftModel.from_pretrained(loaded(f"{folder}/base"), f"{folder}/adapter", autocast_adapter_dtype=False).double().eval()
            entry["logps"] = [logp(tuned, CHOSEN), logp(tuned, REJECTED)]
        except Exception as failure:
            print(f"{name}: {type(failure).__name__}: {str(failure)[:100]}")
        return entry


ADAPTERS = [
    adapter("names", target_modules=QV),
    adapter("rank-stabilised", target_modules=QV, use_rslora=True),
    adapter("regular expression", target_modules=r".*\.1\..*(q_proj|down_proj)"),
    adapter("regular expression from model.", target_modules=r"model\.layers\.0\.self_attn\.(q|v)_proj"),
    adapter("all-linear", target_modules="all-linear"),
    adapter("gpt2", "gpt2", GPT2, target_modules=["c_attn"], fan_in_fan_out=True),
    adapter("phi3", "phi3", PHI3, target_modules=["qkv_proj", "gate_up_proj"]),
    adapter("names of many families", target_modules=["query_key_value", "v_proj", "c_attn"]),
    adapter("no initialisation named", target_modules=QV, edit={"init_lora_weights": None}),
    adapter("gaussian", target_modules=QV, edit={"init_lora_weights": "gaussian"}),
    adapter("eva", target_modules=QV, edit={"init_lora_weights": "eva"}),
    adapter("mica", target_modules=QV, edit={"init_lora_weights": "mica"}),
    adapter("orthogonal", target_modules=QV, r=2, edit={"init_lora_weights": "orthogonal"}),
    adapter("velora_config", target_modules=QV, edit={"velora_config": {"num_groups": 2}}),
    adapter("ensure_weight_tying", target_modules=QV, edit={"ensure_weight_tying": True}),
    adapter("a key of tomorrow", target_modules=QV, edit={"lora_scale_of_tomorrow": 3}),
    adapter("layers_to_transform", target_modules=QV, layers_to_transform=[1]),
    adapter("rank_pattern", target_modules=QV, rank_pattern={"q_proj": 2}),
    adapter("alpha_pattern", target_modules=QV, alpha_pattern={"v_proj": 3}),
    adapter("lm_head", target_modules=QV + ["lm_head"]),
    adapter("embed_tokens", target_modules=QV + ["embed_tokens"]),
    adapter("lm_head of a tied model", settings=dict(LLAMA_LIKE, tie_word_embeddings=True), target_modules=QV + ["lm_head"]),
    adapter("use_dora", target_modules=QV, use_dora=True),
    adapter("lora_bias", target_modules=QV, lora_bias=True),
    adapter("bias", "gpt2", GPT2, target_modules=["c_attn"], bias="lora_only", fan_in_fan_out=True),
    adapter("exclude_modules", target_modules=QV, exclude_modules=["layers.0.self_attn.q_proj"]),
    adapter("modules_to_save", target_modules=QV, modules_to_save=["lm_head"]),
    adapter("use_bdlora", target_modules=QV, r=4, use_bdlora=BdLoraConfig(target_modules_bd_a=["q_proj"], target_modules_bd_b=["v_proj"], nblocks=2)),
    adapter("kasa_config", target_modules=QV, kasa_config=KasaConfig()),
    adapter("monteclora_config", target_modules=QV, monteclora_config=MontecloraConfig()),
    adapter("alora_invocation_tokens", target_modules=QV, alora_invocation_tokens=[3, 8]),
    adapter("names of a training state", target_modules=QV, rename=lambda n: n.replace(".weight", ".default.weight")),
    adapter("names without prefix", target_modules=QV, rename=lambda n: n.removeprefix("base_model.model.")),
    adapter("one layer of two", target_modules=QV, keep=lambda n: "layers.1" not in n),
]
for file, entries in (("configs.json", CONFIGS), ("adapters.json", ADAPTERS)):
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    (HERE / file).write_text(f'{{"prompt": {PROMPT}, "chosen": {CHOSEN}, "rejected": {REJECTED}, "variants": [\n{lines}\n]}}\n')

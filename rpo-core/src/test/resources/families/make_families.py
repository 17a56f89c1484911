#!/usr/bin/env python3
"""Writes one tiny random model per family beside this file, with what PyTorch computes for it in float64.

usage: make_families.py [FAMILY...]        (all of them, if none is named; torch 2.15, transformers 5.23)
FAMILY/config.json, model.safetensors   the model; no weight keeps an initial value that would hide a missing term
FAMILY/expected.json                    token ids of preference pairs, summed log-probs under a perturbed reference,
                                        log-probs of every completion token, the RPO loss (sum form)
FAMILY/grads.safetensors                its gradient; in mixtures with the names in memory, the experts of a layer in one tensor
The settings are chosen so that every option a family has makes a difference: windows shorter than the sequences, caps
near the scores, biases that are not zero, pairs on both sides of LongRoPE's border.
"""
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers as tf
from safetensors.torch import save_file

VOCABULARY, BETA, ETA = 13, 0.1, 0.05
LLAMA_LIKE = dict(vocab_size=VOCABULARY, hidden_size=8, intermediate_size=6, num_hidden_layers=2, num_attention_heads=2,
                  num_key_value_heads=1, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0,
                  initializer_range=0.4, attn_implementation="eager")
WIDE_HEADS = dict(LLAMA_LIKE, hidden_size=16)
MIXTURE = dict(LLAMA_LIKE, experts_implementation="eager")
PATTERN = ["sliding_attention", "full_attention"]
ONE_KEY_A_HEAD = {key: value for key, value in WIDE_HEADS.items() if key != "num_key_value_heads"}
FAMILIES = {
    "llama": (tf.LlamaConfig, dict(LLAMA_LIKE, attention_bias=True, mlp_bias=True, head_dim=6)),
    "mistral": (tf.MistralConfig, dict(LLAMA_LIKE, sliding_window=3)),
    "qwen2": (tf.Qwen2Config, dict(LLAMA_LIKE, use_sliding_window=True, sliding_window=3, max_window_layers=1)),
    "qwen3": (tf.Qwen3Config, dict(LLAMA_LIKE, head_dim=6, attention_bias=True, use_sliding_window=True, sliding_window=2,
                                   layer_types=["sliding_attention", "full_attention"])),
    "gemma": (tf.GemmaConfig, dict(LLAMA_LIKE, head_dim=6, hidden_act="gelu")),
    "gemma2": (tf.Gemma2Config, dict(LLAMA_LIKE, head_dim=6, query_pre_attn_scalar=3, sliding_window=3,
                                     attn_logit_softcapping=1.5, final_logit_softcapping=2.0)),
    "phi3": (tf.Phi3Config, dict(WIDE_HEADS, sliding_window=4, rope_parameters={
        "rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5})),
    "phi3_longrope": (tf.Phi3Config, dict(WIDE_HEADS, original_max_position_embeddings=10, rope_scaling={
        "type": "longrope", "short_factor": [1.0, 1.1, 1.2, 1.3], "long_factor": [1.0, 2.0, 3.0, 4.0]})),
    "gemma3": (tf.Gemma3TextConfig, dict(LLAMA_LIKE, head_dim=6, query_pre_attn_scalar=3, sliding_window=3, layer_types=PATTERN,
                                         final_logit_softcapping=2.0, rope_parameters={
        "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
        "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}})),
    "ministral3": (tf.Ministral3Config, dict(LLAMA_LIKE, head_dim=6, sliding_window=8, rope_parameters={
        "rope_type": "yarn", "rope_theta": 100.0, "factor": 4.0, "original_max_position_embeddings": 4, "beta_fast": 32.0,
        "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 0.5, "llama_4_scaling_beta": 0.7})),
    "olmo2": (tf.Olmo2Config, dict(LLAMA_LIKE, attention_bias=True)),
    "olmo3": (tf.Olmo3Config, dict(LLAMA_LIKE, sliding_window=3, layer_types=PATTERN, rope_parameters={
        "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
        "full_attention": {"rope_type": "yarn", "rope_theta": 100.0, "factor": 4.0, "original_max_position_embeddings": 16}})),
    "smollm3": (tf.SmolLM3Config, dict(LLAMA_LIKE, no_rope_layers=[1, 0], use_sliding_window=True, sliding_window=3,
                                       attention_bias=True, mlp_bias=True)),
    "granite": (tf.GraniteConfig, dict(LLAMA_LIKE, embedding_multiplier=3.0, attention_multiplier=0.3, residual_multiplier=0.4,
                                       logits_scaling=1.5, attention_bias=True, mlp_bias=True, tie_word_embeddings=True)),
    "exaone4": (tf.Exaone4Config, dict(LLAMA_LIKE, head_dim=6, sliding_window=3, sliding_window_pattern=2)),
    "exaone4_full": (tf.Exaone4Config, dict(LLAMA_LIKE, sliding_window=None, layer_types=["full_attention"] * 2)),
    "glm4": (tf.Glm4Config, dict(LLAMA_LIKE, head_dim=12, partial_rotary_factor=0.5)),
    "cohere2": (tf.Cohere2Config, dict(WIDE_HEADS, sliding_window=3, sliding_window_pattern=2, logit_scale=0.6,
                                       attention_bias=True)),
    "stablelm": (tf.StableLmConfig, dict(WIDE_HEADS, use_qkv_bias=True, partial_rotary_factor=0.5)),
    "stablelm_parallel": (tf.StableLmConfig, dict(WIDE_HEADS, use_parallel_residual=True, partial_rotary_factor=0.25)),
    "starcoder2": (tf.Starcoder2Config, dict(LLAMA_LIKE, sliding_window=4, use_bias=True, tie_word_embeddings=False,
                                             residual_dropout=0.0, embedding_dropout=0.0)),
    "phi": (tf.PhiConfig, dict(WIDE_HEADS, partial_rotary_factor=0.5)),
    "gpt_neox": (tf.GPTNeoXConfig, dict(ONE_KEY_A_HEAD, rotary_pct=0.5)),
    "gpt_neox_sequential": (tf.GPTNeoXConfig, dict(ONE_KEY_A_HEAD, use_parallel_residual=False, attention_bias=False,
                                                   hidden_act="gelu_new")),
    "mixtral": (tf.MixtralConfig, dict(MIXTURE, sliding_window=3, num_local_experts=4, num_experts_per_tok=2)),
    "qwen2_moe": (tf.Qwen2MoeConfig, dict(MIXTURE, moe_intermediate_size=5, shared_expert_intermediate_size=7, num_experts=4,
                                          num_experts_per_tok=2, use_sliding_window=True, sliding_window=3)),
    "qwen3_moe": (tf.Qwen3MoeConfig, dict(MIXTURE, head_dim=6, moe_intermediate_size=5, num_experts=5,
                                          num_experts_per_tok=2, norm_topk_prob=True, decoder_sparse_step=2,
                                          use_sliding_window=True, sliding_window=3)),
    "qwen3_moe_shares_of_all": (tf.Qwen3MoeConfig, dict(MIXTURE, head_dim=6, moe_intermediate_size=5, num_experts=5,
                                                        num_experts_per_tok=3, mlp_only_layers=[1], attention_bias=True)),
    "olmoe": (tf.OlmoeConfig, dict(MIXTURE, num_experts=4, num_experts_per_tok=2, attention_bias=True)),
    "gpt_oss": (tf.GptOssConfig, dict(MIXTURE, head_dim=6, num_local_experts=4, num_experts_per_tok=2, sliding_window=3,
                                      swiglu_limit=0.7, rope_parameters={
        "rope_type": "yarn", "rope_theta": 100.0, "factor": 4.0, "original_max_position_embeddings": 16, "truncate": False})),
    "gpt2": (tf.GPT2Config, dict(vocab_size=VOCABULARY, n_embd=8, n_inner=10, n_layer=2, n_head=2, n_positions=64,
                                 bos_token_id=1, eos_token_id=2, initializer_range=0.4, resid_pdrop=0.0, embd_pdrop=0.0,
                                 attn_pdrop=0.0, scale_attn_weights=False, tie_word_embeddings=False,
                                 attn_implementation="eager")),
}
LENGTHS = ((2, 3, 5), (9, 2, 4), (1, 1, 1), (6, 7, 5), (5, 3, 3), (6, 3, 3))  # prompt without BOS, completions without EOS


def completion_logps(model, prompt, completion):
    logits = model(input_ids=torch.tensor([prompt + completion])).logits[0, len(prompt) - 1:-1]
    return torch.log_softmax(logits, -1).gather(1, torch.tensor(completion)[:, None])[:, 0]


def make_pairs(generator, reference):
    def ids(count):
        return torch.randint(3, VOCABULARY, (count,), generator=generator).tolist()

    pairs = []
    for prompt, chosen, rejected in LENGTHS:
        pair = {"prompt": [1] + ids(prompt), "chosen": ids(chosen) + [2], "rejected": ids(rejected) + [2]}
        for side in ("chosen", "rejected"):
            with torch.no_grad():
                pair[f"ref_{side}_logp"] = completion_logps(reference, pair["prompt"], pair[side]).sum().item()
        pairs.append(pair)
    return pairs


def make(name, config_class, settings):
    torch.manual_seed(11)
    generator = torch.Generator().manual_seed(7)
    folder = Path(__file__).parent / name
    model = tf.AutoModelForCausalLM.from_config(config_class(**settings)).eval()
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            if parameter.ndim == 1 or parameter_name.endswith("_bias"):
                parameter.add_(0.2 * torch.randn_like(parameter))
    model.float().save_pretrained(folder)
    model.double()
    reference = tf.AutoModelForCausalLM.from_config(config_class(**settings)).double().eval()
    reference.load_state_dict({k: v + 0.05 * torch.randn_like(v) for k, v in model.state_dict().items()})

    pairs = make_pairs(generator, reference)
    logps = [{side: completion_logps(model, p["prompt"], p[side]) for side in ("chosen", "rejected")} for p in pairs]
    margins = [BETA * ((l["chosen"].sum() - p["ref_chosen_logp"]) - (l["rejected"].sum() - p["ref_rejected_logp"]))
               for l, p in zip(logps, pairs)]
    preference = -F.logsigmoid(torch.stack(margins)).mean()
    loss = preference - ETA * BETA * torch.stack([l["chosen"].sum() for l in logps]).mean()
    loss.backward()
    save_file({n: p.grad.float().contiguous().clone() for n, p in model.named_parameters()}, folder / "grads.safetensors")
    expected = {"beta": BETA, "eta": ETA, "pairs": pairs,
                "token_logps": [{side: values.tolist() for side, values in l.items()} for l in logps],
                "loss": {"paper": loss.item()}, "loss_dpo_term": preference.item()}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    (folder / "generation_config.json").unlink(missing_ok=True)
    print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters, loss {loss.item():.6f}")


if __name__ == "__main__":
    for family in sys.argv[1:] or FAMILIES:
        make(family, *FAMILIES[family])

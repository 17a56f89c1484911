#!/usr/bin/env python3
"""Times the peer: TRL's DPOTrainer (sigmoid + sft, i.e. RPO), a transformers scoring pass or greedy generation by transformers, on CPU,
on the shapes of StepBenchmark; for bench/gpu.sh on a GPU, where there is one, on those of DeviceShape.

usage: trl_peer.py train|score SHAPE PROMPT RESPONSE PAIRS STEPS [bf16] [lora]
       trl_peer.py generate SHAPE PROMPT NEW_TOKENS PROMPTS RUNS [bf16]
       trl_peer.py measure RESULTS.jsonl of=train shape=SHAPE [layers=N] [prompt=P] [response=R] [pairs=N] [steps=N] [lora] [recompute]
needs: torch 2.15, transformers 5.23, trl 1.16; peft 0.21 for lora
"""
import json
import os
import statistics
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, TrainerCallback, logging
from trl import DPOConfig, DPOTrainer

SHAPES = {
    "tiny": dict(vocab_size=4096, hidden_size=256, intermediate_size=704, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=4),
    "small": dict(vocab_size=16384, hidden_size=512, intermediate_size=1408, num_hidden_layers=8, num_attention_heads=8, num_key_value_heads=4),
    "smollm2": dict(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3),
}
DEVICE_SHAPES = {
    "mite": dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1),
    "smollm2": SHAPES["smollm2"],
    "half_billion": dict(vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14, num_key_value_heads=2),
    "billion_and_half": dict(vocab_size=151936, hidden_size=1536, intermediate_size=8960, num_hidden_layers=28, num_attention_heads=12, num_key_value_heads=2),
    "seven_billion": dict(vocab_size=32000, hidden_size=4096, intermediate_size=14336, num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=8,
                          tie_word_embeddings=False),
}
WARM_UP = 2


def build(shape, shapes=SHAPES):
    settings = dict(tie_word_embeddings=True, max_position_embeddings=4096, pad_token_id=0, bos_token_id=1, eos_token_id=2) | shapes[shape]
    return LlamaForCausalLM(LlamaConfig(**settings))


def word_tokenizer(size):
    vocabulary = {"<pad>": 0, "<s>": 1, "</s>": 2} | {f"t{i}": i for i in range(3, size)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>")


def train_seconds(shape, prompt, response, pairs, steps, bf16, lora=False, model=None, cpu=True, recompute=False):
    class Clock(TrainerCallback):
        seconds = []

        def on_step_begin(self, *args, **kwargs):
            self.start = time.perf_counter()

        def on_step_end(self, *args, **kwargs):
            self.seconds.append(time.perf_counter() - self.start)

    model = model or build(shape)
    size = model.config.vocab_size

    def words(count):
        return " ".join(f"t{i}" for i in torch.randint(3, size, (count,)).tolist())

    rows = [{"prompt": words(prompt) + " ", "chosen": words(response - 1), "rejected": words(response - 1)} for _ in range(pairs * (steps + WARM_UP))]
    with tempfile.TemporaryDirectory() as folder:
        settings = DPOConfig(
            output_dir=folder, use_cpu=cpu, bf16=bf16, gradient_checkpointing=recompute, precompute_ref_log_probs=True,
            loss_type=["sigmoid", "sft"], loss_weights=[1.0, 0.005], beta=0.01, learning_rate=5e-7, max_length=prompt + response + 2,
            per_device_train_batch_size=pairs, num_train_epochs=1, save_strategy="no", report_to=[], logging_steps=10**6, disable_tqdm=True)
        clock = Clock()
        adapter = None
        if lora:
            from peft import LoraConfig
            adapter = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
        DPOTrainer(model=model, args=settings, train_dataset=Dataset.from_list(rows), processing_class=word_tokenizer(size), peft_config=adapter,
                   callbacks=[clock]).train()
    return clock.seconds[WARM_UP:]


def measure(results, options):
    """Trains as a part of bench/gpu.sh did: weights of an adapter's base in bfloat16, else in float32 under autocast."""
    cuda = torch.cuda.is_available()
    if options.get("layers"):
        DEVICE_SHAPES[options["shape"]]["num_hidden_layers"] = int(options["layers"])
    prompt, response, pairs, steps = (int(options.get(key, default)) for key, default in
                                      (("prompt", 512), ("response", 512), ("pairs", 4), ("steps", 5)))
    lora = "lora" in options
    with torch.device("cuda" if cuda else "cpu"):
        model = build(options["shape"], DEVICE_SHAPES)
    model = model.to(torch.bfloat16) if lora else model
    median = statistics.median(train_seconds(options["shape"], prompt, response, pairs, steps, True, lora, model, not cuda, "recompute" in options))
    layers = model.config.num_hidden_layers
    result = options | {"work": "peer", "layers": layers, "seconds": median, "pairs_per_second": pairs / median}
    if cuda:
        result["device_memory_bytes"] = torch.cuda.max_memory_allocated()
    with open(results, "a") as file:
        file.write(json.dumps(result) + "\n")


def score_seconds(shape, prompt, response, pairs, steps, bf16):
    model = build(shape).eval()
    seconds = []
    for _ in range(steps + WARM_UP):
        head = torch.randint(3, model.config.vocab_size, (pairs, prompt)).repeat(2, 1)
        ids = torch.cat([head, torch.randint(3, model.config.vocab_size, (2 * pairs, response))], 1)
        start = time.perf_counter()
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logps = torch.log_softmax(model(input_ids=ids).logits[:, prompt - 1:-1].float(), -1)
            logps.gather(2, ids[:, prompt:, None]).sum((1, 2))
        seconds.append(time.perf_counter() - start)
    return seconds[WARM_UP:]


def generate_seconds(shape, prompt, new_tokens, prompts, runs, bf16):
    model = build(shape).eval()
    model = model.to(torch.bfloat16) if bf16 else model
    seconds = []
    for _ in range(runs + 1):
        ids = torch.randint(3, model.config.vocab_size, (prompts, prompt))
        start = time.perf_counter()
        with torch.no_grad():
            model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, min_new_tokens=new_tokens, max_new_tokens=new_tokens)
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def main():
    kind, shape = sys.argv[1:3]
    if kind == "measure":
        logging.set_verbosity_error()
        measure(shape, {key: value or "true" for key, _, value in (word.partition("=") for word in sys.argv[3:])})
        return
    prompt, response, pairs, steps = map(int, sys.argv[3:7])
    logging.set_verbosity_error()
    torch.manual_seed(0)
    torch.set_num_threads(os.cpu_count())
    run = {"train": train_seconds, "score": score_seconds, "generate": generate_seconds}[kind]
    median = statistics.median(run(shape, prompt, response, pairs, steps, "bf16" in sys.argv, *(["lora" in sys.argv] if kind == "train" else [])))
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    if kind == "generate":
        print(f"peer generate shape={shape} {prompt}+{response} prompts={pairs}: median {median:.3f} s, {pairs * response / median:.1f} new tokens/s, "
              f"peak {peak:.0f} MB")
        return
    print(f"peer {kind} shape={shape} {prompt}+{response} pairs={pairs}: median {median:.3f} s, {pairs / median:.3f} pairs/s, "
          f"{pairs * 2 * (prompt + response) / median:.0f} tokens/s, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Trains with the peer, TRL's OnlineDPOTrainer, once over some prompts, from start to saved model.

usage: trl_online.py MODEL REWARD PROMPTS.jsonl NEW_TOKENS PAIRS OUT
Each prompt is answered twice, a reward model rates the answers, and the policy learns from them in batches of PAIRS.
needs: torch 2.15, transformers 5.23, trl 1.16
"""
import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"
began = time.perf_counter()

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, logging
from trl.experimental.online_dpo import OnlineDPOConfig, OnlineDPOTrainer


def main():
    model, reward, prompts, tokens, pairs, out = sys.argv[1:7]
    logging.set_verbosity_error()
    torch.set_num_threads(os.cpu_count())
    with open(prompts, encoding="utf-8") as lines:
        rows = [{"prompt": json.loads(line)["prompt"]} for line in lines]
    settings = OnlineDPOConfig(
        output_dir=out, use_cpu=True, bf16=False, gradient_checkpointing=False, learning_rate=5e-7, beta=0.1, max_new_tokens=int(tokens),
        max_length=4096, temperature=1.0, per_device_train_batch_size=int(pairs), num_train_epochs=1, save_strategy="no", report_to=[],
        logging_steps=1, disable_tqdm=True, missing_eos_penalty=None)
    tokenizer = AutoTokenizer.from_pretrained(model)
    trainer = OnlineDPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32), args=settings, train_dataset=Dataset.from_list(rows),
        reward_funcs=AutoModelForSequenceClassification.from_pretrained(reward, num_labels=1, dtype=torch.float32),
        processing_class=tokenizer, reward_processing_classes=AutoTokenizer.from_pretrained(model))
    start = time.perf_counter()
    trainer.train()
    trained = time.perf_counter() - start
    trainer.save_model(os.path.join(out, "model"))
    print(f"peer: {trained:.1f} s training, {time.perf_counter() - began:.1f} s from start to saved model")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Trains with the peer, TRL's DPOTrainer (sigmoid + sft, i.e. RPO), on tokenised rows, from start to saved checkpoint.

usage: trl_run.py MODEL ROWS.jsonl EPOCHS PAIRS OUT [bf16]
ROWS has prompt_ids, chosen_ids, rejected_ids; PAIRS is a batch. Reference log-probabilities are precomputed first.
needs: torch 2.15, transformers 5.23, trl 1.16
"""
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
began = time.perf_counter()

import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, logging
from trl import DPOConfig, DPOTrainer


class TokenisedTrainer(DPOTrainer):
    def _prepare_dataset(self, dataset, *args, **kwargs):
        return dataset  # has its ids already


def main():
    model, rows, epochs, pairs, out = sys.argv[1:6]
    logging.set_verbosity_error()
    torch.set_num_threads(os.cpu_count())
    imported = time.perf_counter()
    settings = DPOConfig(
        output_dir=out, use_cpu=True, bf16="bf16" in sys.argv, gradient_checkpointing=False, precompute_ref_log_probs=True,
        loss_type=["sigmoid", "sft"], loss_weights=[1.0, 0.005], beta=0.01, learning_rate=5e-7, max_length=8192,
        per_device_train_batch_size=int(pairs), num_train_epochs=int(epochs), save_strategy="epoch", save_total_limit=2, report_to=[],
        logging_steps=1, disable_tqdm=True)
    trainer = TokenisedTrainer(
        model=AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32), args=settings,
        train_dataset=load_dataset("json", data_files=rows, split="train", cache_dir=os.path.join(out, "cache")),
        processing_class=AutoTokenizer.from_pretrained(model))
    trainer.train()
    trainer.save_model(os.path.join(out, "model"))
    print(f"peer: {time.perf_counter() - began:.1f} s, {imported - began:.1f} s of them for imports")


if __name__ == "__main__":
    main()

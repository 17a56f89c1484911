#!/usr/bin/env python3
"""A whole run of the peer on CPU: TRL's DPOTrainer (sigmoid + sft, i.e. RPO) on a real model and tokenised rows, checkpoint out.

usage: trl_run.py MODEL ROWS EPOCHS OUTPUT
needs: torch 2.15, transformers 5.23, trl 1.16
"""
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer


def main():
    folder, rows, epochs, output = sys.argv[1:]
    torch.set_num_threads(os.cpu_count())
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    size, eos = model.config.vocab_size, model.config.eos_token_id
    # A word for each id, so that the rows reach the model with exactly their ids.
    words = ["</s>" if i == eos else f"t{i}" for i in range(size)]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="t0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="t0", eos_token="</s>")

    def text(ids):
        return " ".join(words[i] for i in ids)

    with open(rows) as lines:
        pairs = [json.loads(line) for line in lines]
    data = Dataset.from_list([
        {"prompt": text(p["prompt_ids"]) + " ", "chosen": text(p["chosen_ids"]), "rejected": text(p["rejected_ids"])} for p in pairs])
    settings = DPOConfig(
        output_dir=output, use_cpu=True, bf16=False, gradient_checkpointing=False, precompute_ref_log_probs=True,
        loss_type=["sigmoid", "sft"], loss_weights=[1.0, 0.05], beta=0.1, learning_rate=1e-6, max_length=2048,
        per_device_train_batch_size=2, num_train_epochs=int(epochs), save_strategy="no", report_to=[], disable_tqdm=True)
    trainer = DPOTrainer(model=model, args=settings, train_dataset=data, processing_class=tokenizer)
    trainer.train()
    trainer.save_model(output)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Asks a model ARC questions with lm-evaluation-harness (hf, float32, batches of 8).

usage: lm_peer.py MODEL ROWS.jsonl QUESTIONS        (lm_eval 0.4.13, no network)
Rows have query, choices and gold. Prints the scores, and the seconds that asking took without loading the model.
"""
import os
import sys
import time

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="true")
import torch  # noqa: E402
from lm_eval.api.task import ConfigurableTask  # noqa: E402
from lm_eval.evaluator import simple_evaluate  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402

model, rows, questions = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(int(os.environ.get("THREADS", "2")))
task = ConfigurableTask(config={
    "task": "arc", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": rows}}, "test_split": "test",
    "output_type": "multiple_choice", "doc_to_text": "{{query}}\nAnswer:", "doc_to_target": "gold", "doc_to_choice": "choices",
    "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}]})
lm = HFLM(pretrained=model, dtype="float32", batch_size=8, device="cpu")
start = time.time()
scores = simple_evaluate(model=lm, tasks=[task], limit=questions, bootstrap_iters=0)["results"]["arc"]
print(f"peer: acc {scores['acc,none']}, acc_norm {scores['acc_norm,none']}, {time.time() - start:.1f} s of asking")

#!/usr/bin/env python3
"""Writes benchmarks.json: what lm-evaluation-harness makes of small tables of made-up rows.

usage: make_benchmarks.py > benchmarks.json        (lm_eval 0.4.13)
For each task and number of shots: the rows, the training rows, and of each row its contexts, continuations, its
conversation, and the metrics that made-up log-likelihoods or responses get.
"""
import json
import random
import sys
import tempfile
from pathlib import Path

import evaluate
import yaml



class Metric:
    """Stands for the metric that mbpp and humaneval fetch when they are imported, and ask something."""

    def compute(self, **kwargs):
        return [{"pass@1": 0.0}]


evaluate.load = lambda name: Metric()
import lm_eval  # noqa: E402
from lm_eval.api.task import ConfigurableTask  # noqa: E402

TASKS = Path(lm_eval.__file__).parent / "tasks"
draw = random.Random(7)
words = "amber birch copper dune ember fjord grove harbour iris juniper kelp lantern meadow nectar otter pebble".split()


def some(n):
    return " ".join(draw.choice(words) for _ in range(n))


def letters(n):
    return [chr(65 + i) for i in range(n)]


def arc(i):
    texts = [some(1 + (i + j) % 3) for j in range(4)]
    labels = letters(4) if i % 2 else ["1", "2", "3", "4"]
    return {"id": f"r{i}", "question": f"Which {some(3)}?", "choices": {"text": texts, "label": labels}, "answerKey": labels[i % 4]}


def openbook(i):
    row = arc(i)
    return {"id": row["id"], "question_stem": f"The {some(4)} is", "choices": row["choices"], "answerKey": row["answerKey"]}


def hellaswag(i):
    return {"ind": i, "activity_label": some(1).title(), "ctx_a": f"[header] {some(2)} [title] {some(3)}.  ",
            "ctx_b": ["an Otter", "éclair IS", "", "ßtart X"][i % 4], "ctx": "unused",
            "endings": [f"{some(3)}  [step] [x] {some(2)} [title] {some(1)}\u00a0" for _ in range(4)], "label": str(i % 4)}


def winogrande(i):
    return {"sentence": f"The {some(1)} outran the {some(1)} because the _ was {some(2)}. ", "option1": some(1), "option2": some(1),
            "answer": str(1 + i % 2)}


def piqa(i):
    return {"goal": f"To {some(3)}", "sol1": some(4), "sol2": some(2) + " 😀", "label": i % 2}


def boolq(i):
    return {"question": f"is {some(2)} a {some(1)}", "passage": f"{some(9)}.", "idx": i, "label": i % 2}


def truthful(i):
    choices = [some(2 + j) for j in range(3 + i % 2)]
    return {"question": f"What is {some(2)}?", "mc1_targets": {"choices": choices, "labels": [1] + [0] * (len(choices) - 1)},
            "mc2_targets": {"choices": choices, "labels": [1, 1] + [0] * (len(choices) - 2)}}


def mmlu(i):
    return {"question": f"  What {some(3)}?\n", "subject": "abstract_algebra", "choices": [some(2) for _ in range(4)], "answer": i % 4}


def gsm8k(i):
    return {"question": f"{some(5)}. How many?", "answer": f"{some(3)} = <<{i}*2={2 * i}>>{2 * i}.\n#### {2 * i:,}"}


def mbpp(i):
    if i < 3:
        return {key: value for key, value in mbpp_examples()[i].items() if key != "is_fewshot"}
    return {"task_id": 8 + i, "text": f"Write a function to {some(3)}.", "code": f"def f{i}(x):\r\n  return x + {i}",
            "test_list": [f"assert f{i}({j}) == {i + j}" for j in range(4)]}


def mbpp_examples():
    import lm_eval.tasks.mbpp.utils as utils
    return utils.list_fewshot_samples()


def humaneval(i):
    return {"task_id": f"HumanEval/{i}", "prompt": f"def f{i}(x):\n    \"\"\"{some(3)}\"\"\"\n", "entry_point": f"f{i}",
            "canonical_solution": f"    return x + {i}\n", "test": f"\ndef check(candidate):\n    assert candidate(1) == {1 + i}\n"}


def function(name, folder):
    module, member = name.split(".")
    return getattr(__import__(f"lm_eval.tasks.{folder.replace('/', '.')}.{module}", fromlist=["x"]), member)


def load(folder, file):
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!function", lambda loader, node: function(loader.construct_scalar(node), folder))
    config = yaml.load((TASKS / folder / file).read_text(), Loader)
    if "include" in config:
        config = {**load(folder, config.pop("include")), **config}
    return config


cases = [("arc_easy", "arc", "arc_easy.yaml", arc), ("hellaswag", "hellaswag", "hellaswag.yaml", hellaswag),
         ("winogrande", "winogrande", "default.yaml", winogrande), ("piqa", "piqa", "piqa.yaml", piqa),
         ("boolq", "super_glue/boolq", "default.yaml", boolq), ("openbookqa", "openbookqa", "openbookqa.yaml", openbook),
         ("truthfulqa_mc1", "truthfulqa", "truthfulqa_mc1.yaml", truthful),
         ("truthfulqa_mc2", "truthfulqa", "truthfulqa_mc2.yaml", truthful),
         ("mmlu", "mmlu/default", "mmlu_abstract_algebra.yaml", mmlu), ("gsm8k", "gsm8k", "gsm8k.yaml", gsm8k),
         ("mbpp", "mbpp", "mbpp.yaml", mbpp), ("humaneval", "humaneval", "humaneval.yaml", humaneval)]
responses = ["#### 4", " so 3 + 1.\n#### 4\n\n", "#### $4.", "it is 2, or 4", "it is 4.", "nothing", "$4.00 or -4", "#### -4 #### 8", "1,004 and ...",
             "##### 4", "The 4", "٤ 4٤"]


def build(name, folder, file, rows, train, shots, scratch):
    config = load(folder, file)
    for key in ("dataset_name", "unsafe_code", "tag", "group", "task_alias"):
        config.pop(key, None)
    files = {}
    for split in ("test", "validation", "train", "dev"):
        path = scratch / f"{name}-{split}.jsonl"
        content = train if split in ("train", "dev") else rows
        path.write_text("".join(json.dumps(row) + "\n" for row in content))
        files[split] = str(path)
    config.update(dataset_path="json", dataset_kwargs={"data_files": files}, num_fewshot=shots, task=f"{name}_{shots}")
    if name in ("mbpp", "humaneval"):
        config["metric_list"] = [{"metric": "bypass"}]
        config.pop("filter_list", None)
    task = ConfigurableTask(config=config)
    task.set_fewshot_seed(1234)
    return task


def requests(task, doc, shots, chat):
    template = (lambda messages, add_generation_prompt: json.dumps(messages)) if chat else None
    context = task.fewshot_context(doc, shots, apply_chat_template=chat, fewshot_as_multiturn=chat, chat_template=template)
    made = task.construct_requests(doc, context, apply_chat_template=chat, chat_template=template,
                                   metadata=(task.config.task, 0, 1))
    made = made if isinstance(made, list) else [made]
    return context, [request.args for request in made]


out = []
scratch = Path(tempfile.mkdtemp())
for name, folder, file, maker in cases:
    rows = [maker(i) for i in range(5)]
    train = [maker(i) for i in range(6)]
    for shots in ([0] if name == "humaneval" else [0, 3]):
        plain, chatty = (build(name, folder, file, rows, train, shots, scratch) for _ in range(2))
        asked = []
        docs = list(plain.eval_docs)
        for place, doc in enumerate(docs):
            if name == "mbpp" and place < 3:
                continue
            context, args = requests(plain, doc, shots, False)
            conversation, chat_args = requests(chatty, doc, shots, True)
            row = {"doc": place, "contexts": context if isinstance(context, list) else [context],
                   "conversations": [json.loads(c) for c in (conversation if isinstance(conversation, list) else [conversation])]}
            if place % 4 > 1:
                del row["conversations"]  # a few will do
            if plain.OUTPUT_TYPE == "multiple_choice":
                row["continuations"] = [a[1] for a in args]
                row["chat_continuations"] = [a[1] for a in chat_args]
                lls = [-round(draw.uniform(1, 12), 1) for _ in args]
                row["loglikelihoods"] = lls
                row["metrics"] = {k: float(v) for k, v in plain.process_results(doc, [(ll, False) for ll in lls]).items()}
            elif name == "gsm8k":
                row["graded"] = []
                for response in responses:
                    metrics = {}
                    for key, filters in (("strict", 0), ("flexible", 1)):
                        kept = [response]
                        for step in plain._filters[filters].filters:
                            kept = list(step().apply([[response]] if isinstance(kept[0], str) else kept, [doc]))
                        value = kept[0] if isinstance(kept[0], str) else kept[0][0]
                        metrics[f"exact_match_{key}"] = float(plain.process_results(doc, [value])["exact_match"])
                    row["graded"].append({"response": response, "metrics": metrics})
            else:
                row["target"] = plain.doc_to_target(doc)
            asked.append(row)
        if plain.OUTPUT_TYPE == "generate_until":
            kwargs = plain.config.generation_kwargs
        out.append({"task": name, "shots": shots, "rows": rows, "train": train, "asked": asked,
                    **({"until": kwargs["until"], "max_new_tokens": kwargs.get("max_gen_toks", 256)}
                       if plain.OUTPUT_TYPE == "generate_until" else {})})
json.dump(out, sys.stdout, indent=0, ensure_ascii=False)

"""Runs against the real PySpark: RPO_JAR names the application jar."""

import contextlib
import io
import json
import os
import random
import struct
import tempfile
import unittest
from pathlib import Path

from pyspark.sql import SparkSession

from rpo_spark import CompletionSampler, LogpsScorer, RewardScorer, RpoError, RpoTrainer

PROJECT = Path(__file__).resolve().parents[2]
JVM_OPTIONS = PROJECT / "deploy/jvm.options"
LETTERS = [chr(code) for code in range(32, 127)]
HIDDEN, MIDDLE, VOCABULARY = 8, 12, 3 + len(LETTERS)


def write_model(folder: Path, reward: bool = False) -> None:
    """A llama of one layer with random weights, whose tokens are letters; or a reward model of that kind."""
    folder.mkdir(parents=True)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": VOCABULARY, "hidden_size": HIDDEN,
        "intermediate_size": MIDDLE, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
        "max_position_embeddings": 256, "tie_word_embeddings": True, "rms_norm_eps": 1e-5, "eos_token_id": 2,
    }
    if reward:
        config.update({"architectures": ["LlamaForSequenceClassification"], "num_labels": 1, "pad_token_id": 0,
                       "id2label": {"0": "LABEL_0"}})
    tokens = {"?": 0, "<s>": 1, "</s>": 2, **{letter: 3 + i for i, letter in enumerate(LETTERS)}}
    (folder / "tokenizer.json").write_text(json.dumps({
        "added_tokens": [{"id": 2, "content": "</s>", "special": True, "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False}],
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[\\s\\S]"}, "behavior": "Isolated", "invert": False},
        "model": {"type": "WordLevel", "vocab": tokens, "unk_token": "?"},
    }))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>"}))
    (folder / "config.json").write_text(json.dumps(config))
    shapes = {"model.embed_tokens.weight": [VOCABULARY, HIDDEN], "model.norm.weight": [HIDDEN]}
    block = "model.layers.0."
    shapes.update({
        block + "input_layernorm.weight": [HIDDEN], block + "post_attention_layernorm.weight": [HIDDEN],
        block + "self_attn.q_proj.weight": [HIDDEN, HIDDEN], block + "self_attn.k_proj.weight": [4, HIDDEN],
        block + "self_attn.v_proj.weight": [4, HIDDEN], block + "self_attn.o_proj.weight": [HIDDEN, HIDDEN],
        block + "mlp.gate_proj.weight": [MIDDLE, HIDDEN], block + "mlp.up_proj.weight": [MIDDLE, HIDDEN],
        block + "mlp.down_proj.weight": [HIDDEN, MIDDLE],
    })
    if reward:
        shapes["score.weight"] = [1, HIDDEN]
    drawn, header, body = random.Random(5), {}, b""
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        numbers = [drawn.gauss(0, 0.2) + (1 if "norm" in name else 0) for _ in range(count)]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + 4 * count]}
        body += struct.pack(f"<{count}f", *numbers)
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)


class RpoSparkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        options = " ".join(
            line for line in JVM_OPTIONS.read_text().splitlines() if not line.startswith("#")
        )
        cls.spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.jars", os.environ["RPO_JAR"])
            .config("spark.driver.extraJavaOptions", options)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", 2)
            .getOrCreate()
        )
        cls.folder = tempfile.TemporaryDirectory()
        cls.work = Path(cls.folder.name)
        write_model(cls.work / "sft")
        write_model(cls.work / "reward", reward=True)
        rows = [(i, [1, 3 + i], [4, 5, 2], [6, 2]) for i in range(8)]
        cls.pairs = cls.spark.createDataFrame(rows, "id int, prompt_ids array<int>, chosen_ids array<int>, rejected_ids array<int>")

    @classmethod
    def tearDownClass(cls):
        cls.spark.stop()
        cls.folder.cleanup()

    def mean(self, scored):
        return scored.selectExpr("avg(ref_chosen_logps)").first()[0]

    def test_pairs_keep_their_columns_and_get_logps(self):
        scored = LogpsScorer(str(self.work / "sft")).transform(self.pairs)
        self.assertEqual(self.pairs.columns + ["ref_chosen_logps", "ref_rejected_logps", "unfit"], scored.columns)
        self.assertEqual(8, scored.where("unfit IS NULL AND ref_chosen_logps < ref_rejected_logps").count())

    def test_training_makes_the_chosen_completions_more_likely(self):
        trainer = RpoTrainer(
            str(self.work / "sft"), str(self.work / "run"), beta=0.1, eta=0.5,
            train={"epochs": 4, "pairs_per_batch": 4, "learning_rate": 0.02, "schedule": "constant"},
        )
        model = trainer.fit(self.pairs)
        before = self.mean(LogpsScorer(str(self.work / "sft")).transform(self.pairs))
        self.assertGreater(self.mean(model.logps(self.pairs)), before + 0.5)
        model.save(str(self.work / "copy"))
        self.assertTrue((self.work / "copy" / "config.json").is_file())

    def test_an_adapter_is_trained_in_place_of_all_weights(self):
        trainer = RpoTrainer(str(self.work / "sft"), str(self.work / "lora"), lora_rank=2, train={"pairs_per_batch": 8})
        self.assertEqual(8, trainer.fit(self.pairs).logps(self.pairs).where("unfit IS NULL").count())

    def test_an_adapter_has_the_keys_of_rpo_lora(self):
        trainer = RpoTrainer(
            str(self.work / "sft"), str(self.work / "dora"), lora_rank=2, train={"pairs_per_batch": 8},
            lora={"target_modules": ["q_proj", "v_proj"], "rank_pattern": {"v_proj": 3}, "layers": [0], "dora": True,
                  "modules_to_save": "model.norm", "base_precision": "bfloat16"})
        self.assertEqual(8, trainer.fit(self.pairs).logps(self.pairs).where("unfit IS NULL").count())

    def test_completions_get_rewards(self):
        completions = self.pairs.withColumnRenamed("chosen_ids", "completion_ids").drop("rejected_ids")
        one = RewardScorer(str(self.work / "reward")).transform(completions)
        two = RewardScorer(str(self.work / "reward")).transform(self.pairs)
        self.assertEqual(completions.columns + ["reward", "unfit"], one.columns)
        self.assertEqual(self.pairs.columns + ["chosen_reward", "rejected_reward", "unfit"], two.columns)
        both = one.join(two, "id").selectExpr("max(abs(reward - chosen_reward))", "count(rejected_reward)").first()
        self.assertAlmostEqual(0, both[0], places=5)
        self.assertEqual(8, both[1])

    def test_prompts_are_continued_the_same_way_each_time(self):
        sampler = CompletionSampler(str(self.work / "sft"), max_new_tokens=5, temperature=1.0, top_k=7, seed=3)
        answered = sampler.transform(self.pairs.select("id", "prompt_ids")).orderBy("id").collect()
        self.assertEqual({"id", "prompt_ids", "completion", "completion_ids", "finish_reason", "unfit"}, set(answered[0].asDict()))
        self.assertEqual(answered, sampler.transform(self.pairs.select("id", "prompt_ids").repartition(3)).orderBy("id").collect())
        for row in answered:
            self.assertTrue(row.finish_reason == "eos" or len(row.completion_ids) == 5, row)

    def test_the_notebook_runs_top_to_bottom(self):
        os.environ.update(RPO_MODEL=str(self.work / "sft"), RPO_JVM_OPTIONS=str(JVM_OPTIONS))
        notebook = json.loads((PROJECT / "python/notebooks/first_run.ipynb").read_text())
        names = {"__name__": "__main__"}
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            for number, cell in enumerate(notebook["cells"]):
                if cell["cell_type"] == "code":
                    self.assertEqual([], cell["outputs"], "it is kept without outputs")
                    exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
        self.assertIn("Lily was happy", shown.getvalue())
        self.assertTrue(Path(names["WORK"], "aligned", "model.safetensors").is_file())

    def test_columns_may_have_other_names_and_limits_count(self):
        renamed = self.pairs.withColumnRenamed("id", "prompt")
        scored = LogpsScorer(str(self.work / "sft"), data={"max_length": 4}).transform(renamed)
        self.assertEqual(8, scored.where("unfit LIKE 'too-long%'").count())

    def test_refusals_say_what_to_do(self):
        sft, new = str(self.work / "sft"), str(self.work / "new")
        for call, words in (
            (lambda: RpoTrainer(sft, new, train={"epoch": 1}).fit(self.pairs), "train has no such key"),
            (lambda: RpoTrainer(sft, new, train={"epochs": 0}).fit(self.pairs), "epochs must be at least 1"),
            (lambda: RpoTrainer(sft, new, lora_rank=2, lora={"ranks": 1}).fit(self.pairs), "lora has no such key"),
            (lambda: RpoTrainer(sft, new, lora={"dora": True}).fit(self.pairs), "lora_rank is 0"),
            (lambda: RpoTrainer(sft, new, lora_rank=2, lora={"dora": True, "dropout": 0.1}).fit(self.pairs), "dora must be"),
            (lambda: RpoTrainer(sft, new, lora_rank=2, lora={"target_parameters": ["mlp.experts.down_proj"]}).fit(self.pairs),
             "has no experts"),
            (lambda: CompletionSampler(sft, temperature=-1).transform(self.pairs), "temperature must be at least 0"),
            (lambda: RewardScorer(sft).transform(self.pairs), "Cannot"),
            (lambda: LogpsScorer(sft, precision="half").transform(self.pairs), "one of float32, bfloat16"),
            (lambda: LogpsScorer(str(self.work / "none")).transform(self.pairs), "none"),
        ):
            with self.assertRaises(RpoError) as refused:
                call()
            self.assertIn(words, str(refused.exception))


if __name__ == "__main__":
    unittest.main()

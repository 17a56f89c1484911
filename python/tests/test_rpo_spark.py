"""Runs against the real PySpark: RPO_JAR names the application jar."""

import json
import os
import random
import struct
import tempfile
import unittest
from pathlib import Path

from pyspark.sql import SparkSession

from rpo_spark import LogpsScorer, RpoError, RpoTrainer

PROJECT = Path(__file__).resolve().parents[2]
HIDDEN, MIDDLE, VOCABULARY = 8, 12, 19


def write_model(folder: Path) -> None:
    """A llama of one layer with random weights, for rows of token ids."""
    folder.mkdir(parents=True)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": VOCABULARY, "hidden_size": HIDDEN,
        "intermediate_size": MIDDLE, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
        "max_position_embeddings": 64, "tie_word_embeddings": True, "rms_norm_eps": 1e-5, "eos_token_id": 2,
    }
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
            line for line in (PROJECT / "deploy/jvm.options").read_text().splitlines() if not line.startswith("#")
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

    def test_columns_may_have_other_names_and_limits_count(self):
        renamed = self.pairs.withColumnRenamed("id", "prompt")
        scored = LogpsScorer(str(self.work / "sft"), data={"max_length": 4}).transform(renamed)
        self.assertEqual(8, scored.where("unfit LIKE 'too-long%'").count())

    def test_refusals_say_what_to_do(self):
        sft = str(self.work / "sft")
        for call, words in (
            (lambda: RpoTrainer(sft, "x", train={"epoch": 1}).fit(self.pairs), "train has no such key"),
            (lambda: RpoTrainer(sft, "x", train={"epochs": 0}).fit(self.pairs), "epochs must be at least 1"),
            (lambda: RpoTrainer(sft, "x", lora_rank=2, lora={"ranks": 1}).fit(self.pairs), "lora has no such key"),
            (lambda: RpoTrainer(sft, "x", lora={"dora": True}).fit(self.pairs), "lora_rank is 0"),
            (lambda: RpoTrainer(sft, "x", lora_rank=2, lora={"dora": True, "dropout": 0.1}).fit(self.pairs), "dora must be"),
            (lambda: RpoTrainer(sft, "x", lora_rank=2, lora={"target_parameters": ["mlp.experts.down_proj"]}).fit(self.pairs),
             "has no experts"),
            (lambda: LogpsScorer(sft, precision="half").transform(self.pairs), "one of float32, bfloat16"),
            (lambda: LogpsScorer(str(self.work / "none")).transform(self.pairs), "none"),
        ):
            with self.assertRaises(RpoError) as refused:
                call()
            self.assertIn(words, str(refused.exception))


if __name__ == "__main__":
    unittest.main()

"""Training on a data frame, and the model that comes of it."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from pyspark.sql import DataFrame, SparkSession

from ._jvm import Jvm, RpoError
from .sampling import CompletionSampler


class RpoTrainer:
    """Aligns a model on a data frame of preference pairs.

    >>> model = RpoTrainer("models/sft", "runs/first", beta=0.1, eta=0.5, train={"epochs": 2}).fit(pairs)

    :param start: the model that training starts from, which is the reference too
    :param work_directory: an empty folder, or one that is not there yet, for everything that is written
    :param beta: how strongly the policy is tied to the reference
    :param eta: how much of the supervised loss on the chosen completion is added; 0 is DPO
    :param train: keys of ``rpo.train``, such as ``epochs``, ``pairs_per_batch``, ``learning_rate`` or ``workers``
    :param data: keys of ``rpo.data``
    :param lora_rank: rank of an adapter to train instead of all weights; 0 for all weights
    :param lora_alpha: the adapter's updates are scaled by alpha/rank
    :param lora: other keys of ``rpo.lora``, such as ``target_modules``, ``modules_to_save``, ``dora`` or ``base_precision``
    """

    def __init__(
        self,
        start: str,
        work_directory: str,
        *,
        beta: float = 0.01,
        eta: float = 0.005,
        train: Optional[Mapping[str, Any]] = None,
        data: Optional[Mapping[str, Any]] = None,
        lora_rank: int = 0,
        lora_alpha: float = 16.0,
        lora: Optional[Mapping[str, Any]] = None,
        precision: str = "float32",
        chat_template: Optional[str] = None,
    ):
        self.start = start
        self.work_directory = work_directory
        self.beta = beta
        self.eta = eta
        self.train = dict(train or {})
        self.data = dict(data or {})
        self.lora_rank = lora_rank
        self.lora_alpha = lora_alpha
        self.lora = dict(lora or {})
        self.precision = precision
        self.chat_template = chat_template

    def fit(self, pairs: DataFrame) -> "RpoModel":
        """Prepares, scores under the model that training starts from, and trains."""
        jvm = Jvm(pairs.sparkSession)
        with jvm:
            trainer = (
                jvm.api.RpoTrainer.of(self.start)
                .objective(jvm.core.objective.RpoObjective.paper(float(self.beta), float(self.eta)))
                .training(jvm.set(jvm.core.train.TrainSettings.builder(), "train", self.train).build())
                .data(jvm.data(self.data))
                .precision(jvm.precision(self.precision))
                .workDirectory(self.work_directory)
            )
            if self.lora_rank:
                adapter = jvm.core.model.LoraSettings.builder().rank(self.lora_rank).alpha(float(self.lora_alpha))
                trainer = trainer.lora(jvm.set(adapter, "lora", self.lora).build())
            elif self.lora:
                raise RpoError(f"Cannot set {', '.join(self.lora)} of lora: lora_rank is 0, so all weights are trained. Set a rank.")
            if self.chat_template is not None:
                trainer = trainer.chatTemplate(self.chat_template)
            return RpoModel(trainer.fit(pairs._jdf), pairs.sparkSession, self.precision, self.chat_template)


class RpoModel:
    """A trained model; ``path`` is its folder in Hugging Face layout."""

    def __init__(self, java_model: Any, spark: SparkSession, precision: str, chat_template: Optional[str]):
        self._java = java_model
        self._spark = spark
        self._reading = {"precision": precision, "chat_template": chat_template}
        self.path: str = java_model.path()

    def logps(self, rows: DataFrame) -> DataFrame:
        """Adds this model's log-probabilities to rows, as LogpsScorer does."""
        with Jvm(self._spark):
            return DataFrame(self._java.logps(rows._jdf), rows.sparkSession)

    def completions(self, rows: DataFrame, **sampling: Any) -> DataFrame:
        """Adds the model's own completions to rows with a prompt; ``sampling`` has the names of CompletionSampler's."""
        return CompletionSampler(self.path, **{**self._reading, **sampling}).transform(rows)

    def save(self, path: str) -> None:
        """Copies the model to a folder that is not there yet."""
        with Jvm(self._spark):
            self._java.save(path, self._spark._jsc.hadoopConfiguration())

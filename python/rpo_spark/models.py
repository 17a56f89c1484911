"""Calls into ai.rpo.spark.api, which the application jar brings (spark.jars)."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from py4j.protocol import Py4JJavaError
from pyspark.errors import IllegalArgumentException
from pyspark.sql import DataFrame, SparkSession

__all__ = ["LogpsScorer", "RpoTrainer", "RpoModel", "RpoError"]


class RpoError(RuntimeError):
    """What cannot be done, why, and what to do: the message of the JVM's RpoException or of a refused setting."""


class LogpsScorer:
    """Adds a model's log-probabilities to the rows of a data frame.

    >>> scored = LogpsScorer("models/sft").transform(pairs)

    Pairs get ``ref_chosen_logps`` and ``ref_rejected_logps``, prompts with their completion get ``logp``, in nats; ``unfit`` says why
    a row has none. Lazy: nothing is computed before the result is used.

    :param model: folder of a model in Hugging Face layout or of an adapter in PEFT's, on any store that Hadoop reaches
    :param precision: to what matrix products may round their inputs, ``float32`` or ``bfloat16``
    :param chat_template: Jinja, or the name of one of the model's templates, in place of its own
    :param tokens_per_batch: token rows that a task computes at once
    :param data: keys of ``rpo.data``, such as ``max_length``, ``truncation`` or ``fields``
    """

    def __init__(
        self,
        model: str,
        *,
        precision: str = "float32",
        chat_template: Optional[str] = None,
        tokens_per_batch: int = 8192,
        data: Optional[Mapping[str, Any]] = None,
    ):
        self.model = model
        self.precision = precision
        self.chat_template = chat_template
        self.tokens_per_batch = tokens_per_batch
        self.data = dict(data or {})

    def transform(self, rows: DataFrame) -> DataFrame:
        """Keeps all columns and adds those named above."""
        jvm = _Jvm(rows.sparkSession)
        with jvm:
            scorer = (
                jvm.api.LogpsScorer.of(self.model)
                .precision(jvm.precision(self.precision))
                .tokensPerBatch(self.tokens_per_batch)
                .data(jvm.data(self.data))
            )
            if self.chat_template is not None:
                scorer = scorer.chatTemplate(self.chat_template)
            return DataFrame(scorer.transform(rows._jdf), rows.sparkSession)


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
        jvm = _Jvm(pairs.sparkSession)
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
            return RpoModel(trainer.fit(pairs._jdf), pairs.sparkSession)


class RpoModel:
    """A trained model; ``path`` is its folder in Hugging Face layout."""

    def __init__(self, java_model: Any, spark: SparkSession):
        self._java = java_model
        self._spark = spark
        self.path: str = java_model.path()

    def logps(self, rows: DataFrame) -> DataFrame:
        """Adds this model's log-probabilities to rows, as LogpsScorer does."""
        with _Jvm(self._spark):
            return DataFrame(self._java.logps(rows._jdf), rows.sparkSession)

    def save(self, path: str) -> None:
        """Copies the model to a folder that is not there yet."""
        with _Jvm(self._spark):
            self._java.save(path, self._spark._jsc.hadoopConfiguration())


class _Jvm:
    """The session's JVM; inside a with block, its refusals become RpoErrors."""

    def __init__(self, spark: SparkSession):
        self._jvm = spark._jvm
        self.api = self._jvm.ai.rpo.spark.api
        self.core = self._jvm.ai.rpo.core

    def __enter__(self) -> "_Jvm":
        return self

    def __exit__(self, kind, error, traceback) -> None:
        if isinstance(error, TypeError) and "JavaPackage" in str(error):
            raise RpoError(
                "Cannot call ai.rpo.spark.api: the session does not have the application jar. Start it with"
                " spark.jars = rpo-VERSION.jar."
            ) from error
        if isinstance(error, IllegalArgumentException):
            raise RpoError(str(error)) from error
        if (
            isinstance(error, Py4JJavaError)
            and error.java_exception.getClass().getName() == "ai.rpo.core.RpoException"
        ):
            raise RpoError(error.java_exception.getMessage()) from error

    def strings(self, values) -> Any:
        texts = self._jvm.java.util.ArrayList()
        for value in values:
            texts.add(value)
        return texts

    def precision(self, name: str) -> Any:
        return self._choice(self.core.tensor.Precision, "precision", name)

    def data(self, settings: Mapping[str, Any]) -> Any:
        builder = self._jvm.ai.rpo.spark.prepare.DataSettings.builder(self.strings([]))
        return self.set(builder, "data", settings).build()

    def set(self, builder: Any, section: str, settings: Mapping[str, Any]) -> Any:
        for key, value in settings.items():
            convert = _SETTERS[section].get(key)
            if convert is None:
                known = ", ".join(sorted(_SETTERS[section]))
                raise RpoError(f"Cannot set {key}: {section} has no such key. It has {known}.")
            words = key.split("_")
            setter = words[0] + "".join(word.capitalize() for word in words[1:])
            builder = getattr(builder, setter)(convert(self, key, value))
        return builder

    def fields(self, key: str, names: Mapping[str, str]) -> Any:
        optional = self._jvm.java.util.Optional
        ours = ("prompt", "chosen", "rejected", "completion", "completions", "scores", "label")
        unknown = sorted(set(names) - set(ours))
        if unknown:
            raise RpoError(f"Cannot set fields: {', '.join(unknown)} is no field of a format. It has {', '.join(ours)}.")
        given = [optional.ofNullable(names.get(name)) for name in ours]
        return getattr(self._jvm.ai.rpo.spark.prepare, "DataSettings$Fields")(*given, self.strings([]))

    def names(self, key: str, values: Any) -> Any:
        return self.strings([values] if isinstance(values, str) else [str(value) for value in values])

    def pattern(self, key: str, numbers: Mapping[str, Any]) -> Any:
        pairs = self._jvm.java.util.HashMap()
        for name, number in numbers.items():
            pairs.put(name, str(number))
        return pairs

    def length(self, key: str, value: Optional[int]) -> Any:
        optional = self._jvm.java.util.OptionalInt
        return optional.empty() if value is None else optional.of(int(value))

    def _choice(self, type_: Any, key: str, name: str) -> Any:
        for value in type_.values():
            if value.name().lower().replace("_", "-") == name:
                return value
        names = ", ".join(value.name().lower().replace("_", "-") for value in type_.values())
        raise RpoError(f"Cannot set {key}: it must be one of {names}, but is {name}.")


def _whole(jvm: _Jvm, key: str, value: Any) -> int:
    return int(value)


def _number(jvm: _Jvm, key: str, value: Any) -> float:
    return float(value)


def _flag(jvm: _Jvm, key: str, value: Any) -> bool:
    return bool(value)


def _of(name: str):
    def convert(jvm: _Jvm, key: str, value: Any) -> Any:
        package, type_ = name.rsplit(".", 1)
        found = jvm.core
        for part in package.split("."):
            found = getattr(found, part)
        return jvm._choice(getattr(found, type_), key, value)

    return convert


_SETTERS = {
    "train": {
        "epochs": _whole,
        "pairs_per_batch": _whole,
        "tokens_per_micro_batch": _whole,
        "recompute": _flag,
        "learning_rate": _number,
        "warmup_ratio": _number,
        "schedule": _of("train.TrainSettings$Schedule"),
        "optimizer": _of("train.TrainSettings$Optimizer"),
        "optimizer_device": _of("train.TrainSettings$OptimizerDevice"),
        "weight_decay": _number,
        "max_grad_norm": _number,
        "router_aux_loss_coef": _number,
        "shuffle": _flag,
        "seed": _whole,
        "workers": _whole,
        "averaging_frequency": _whole,
        "worker_timeout": _whole,
        "checkpoint_every": _whole,
        "keep_checkpoints": _whole,
    },
    "lora": {
        "dropout": _number,
        "target_modules": _Jvm.names,
        "target_parameters": _Jvm.names,
        "rank_stabilized": _flag,
        "rank_pattern": _Jvm.pattern,
        "alpha_pattern": _Jvm.pattern,
        "layers": _Jvm.names,
        "modules_to_save": _Jvm.names,
        "dora": _flag,
        "base_precision": _of("model.BasePrecision"),
    },
    "data": {
        "max_length": _Jvm.length,
        "max_prompt_length": _Jvm.length,
        "truncation": _of("text.Truncation"),
        "on_straddle": _of("text.StraddlePolicy"),
        "special_tokens": _of("text.SpellingPolicy"),
        "rated_pairs": _of("preference.RatedPairs"),
        "fields": _Jvm.fields,
        "max_rejected_fraction": _number,
    },
}

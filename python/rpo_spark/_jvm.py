"""The way into the JVM: Python's values as the setters of ai.rpo take them, and its refusals as RpoErrors."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from py4j.protocol import Py4JJavaError
from pyspark.errors import IllegalArgumentException
from pyspark.sql import SparkSession


class RpoError(RuntimeError):
    """What cannot be done, why, and what to do: the message of the JVM's RpoException or of a refused setting."""


class Jvm:
    """The session's JVM; inside a with block, its refusals become RpoErrors."""

    def __init__(self, spark: SparkSession):
        self._jvm = spark._jvm
        self.api = self._jvm.ai.rpo.spark.api
        self.core = self._jvm.ai.rpo.core

    def __enter__(self) -> "Jvm":
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


def _whole(jvm: Jvm, key: str, value: Any) -> int:
    return int(value)


def _number(jvm: Jvm, key: str, value: Any) -> float:
    return float(value)


def _flag(jvm: Jvm, key: str, value: Any) -> bool:
    return bool(value)


def _of(name: str):
    def convert(jvm: Jvm, key: str, value: Any) -> Any:
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
        "target_modules": Jvm.names,
        "target_parameters": Jvm.names,
        "rank_stabilized": _flag,
        "rank_pattern": Jvm.pattern,
        "alpha_pattern": Jvm.pattern,
        "layers": Jvm.names,
        "modules_to_save": Jvm.names,
        "dora": _flag,
        "base_precision": _of("model.BasePrecision"),
    },
    "data": {
        "max_length": Jvm.length,
        "max_prompt_length": Jvm.length,
        "truncation": _of("text.Truncation"),
        "on_straddle": _of("text.StraddlePolicy"),
        "special_tokens": _of("text.SpellingPolicy"),
        "rated_pairs": _of("preference.RatedPairs"),
        "fields": Jvm.fields,
        "max_rejected_fraction": _number,
    },
}

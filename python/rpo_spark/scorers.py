"""Numbers of a model's for each completion of a data frame."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from pyspark.sql import DataFrame

from ._jvm import Jvm


class _Scorer:
    """Adds numbers to rows, by the class of ai.rpo.spark.api that has this one's name.

    :param model: folder of a model in Hugging Face layout, on any store that Hadoop reaches
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
        jvm = Jvm(rows.sparkSession)
        with jvm:
            scorer = (
                getattr(jvm.api, type(self).__name__)
                .of(self.model)
                .precision(jvm.precision(self.precision))
                .tokensPerBatch(self.tokens_per_batch)
                .data(jvm.data(self.data))
            )
            if self.chat_template is not None:
                scorer = scorer.chatTemplate(self.chat_template)
            return DataFrame(scorer.transform(rows._jdf), rows.sparkSession)


class LogpsScorer(_Scorer):
    """Adds a model's log-probabilities to the rows of a data frame.

    >>> scored = LogpsScorer("models/sft").transform(pairs)

    Pairs get ``ref_chosen_logps`` and ``ref_rejected_logps``, prompts with their completion get ``logp``, in nats; ``unfit`` says why
    a row has none. Lazy: nothing is computed before the result is used. The model may be an adapter in PEFT's layout.
    """


class RewardScorer(_Scorer):
    """Adds a reward model's rewards to the rows of a data frame.

    >>> rated = RewardScorer("models/reward").transform(answers)

    Prompts with their completion get ``reward``, pairs get ``chosen_reward`` and ``rejected_reward``; ``unfit`` says why a row has
    none. Lazy. The model is a sequence classifier with one label, as ``rpo reward`` writes them.
    """

"""Completions of a model's for the prompts of a data frame."""

from __future__ import annotations

from typing import Any, Optional

from pyspark.sql import DataFrame

from ._jvm import Jvm


class CompletionSampler:
    """Continues the prompts of a data frame with a model.

    >>> answers = CompletionSampler("models/sft", temperature=0.7, max_new_tokens=256).transform(prompts)

    Rows get ``completion``, ``completion_ids``, ``finish_reason`` and ``unfit``, which says why one could not be continued. A
    completion depends on the model, the sampling, its prompt and the seed alone. Lazy.

    :param model: folder of a model in Hugging Face layout or of an adapter in PEFT's, on any store that Hadoop reaches
    :param max_new_tokens: length at which a completion ends unfinished
    :param temperature: divides the logits; 0 takes the likeliest token
    :param top_k: draws only among the most likely tokens, this many; 0 for all
    :param top_p: draws only among the fewest most likely tokens whose probabilities add up to this
    :param repetition_penalty: makes tokens that stand in prompt or completion less likely where it is above 1
    :param at_once: completions that a task computes at once
    """

    def __init__(
        self,
        model: str,
        *,
        max_new_tokens: int = 256,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        repetition_penalty: float = 1.0,
        seed: int = 42,
        precision: str = "float32",
        chat_template: Optional[str] = None,
        at_once: int = 16,
    ):
        self.model = model
        self.max_new_tokens = max_new_tokens
        self.temperature = temperature
        self.top_k = top_k
        self.top_p = top_p
        self.repetition_penalty = repetition_penalty
        self.seed = seed
        self.precision = precision
        self.chat_template = chat_template
        self.at_once = at_once

    def transform(self, rows: DataFrame) -> DataFrame:
        """Keeps all columns and adds those named above."""
        jvm = Jvm(rows.sparkSession)
        with jvm:
            sampler = (
                jvm.api.CompletionSampler.of(self.model, self._sampling(jvm))
                .precision(jvm.precision(self.precision))
                .atOnce(self.at_once)
                .seed(self.seed)
            )
            if self.chat_template is not None:
                sampler = sampler.chatTemplate(self.chat_template)
            return DataFrame(sampler.transform(rows._jdf), rows.sparkSession)

    def _sampling(self, jvm: Jvm) -> Any:
        return jvm.core.generate.SamplingSettings(
            int(self.max_new_tokens), float(self.temperature), int(self.top_k), float(self.top_p), float(self.repetition_penalty)
        )

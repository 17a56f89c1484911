"""Regularized Preference Optimization on the data frames of PySpark."""

from ._jvm import RpoError
from .models import RpoModel, RpoTrainer
from .sampling import CompletionSampler
from .scorers import LogpsScorer, RewardScorer

__all__ = ["CompletionSampler", "LogpsScorer", "RewardScorer", "RpoModel", "RpoTrainer", "RpoError"]

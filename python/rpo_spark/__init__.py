"""Regularized Preference Optimization on the data frames of PySpark."""

from .models import LogpsScorer, RpoModel, RpoTrainer, RpoError

__all__ = ["LogpsScorer", "RpoModel", "RpoTrainer", "RpoError"]

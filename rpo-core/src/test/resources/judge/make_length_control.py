"""Makes length_control.json: fits of scikit-learn's liblinear that ours must repeat.

    NPY_DISABLE_CPU_FEATURES="X86_V3 X86_V4 AVX512_ICL AVX512_SPR" python make_length_control.py > length_control.json

numpy's vectorised sorts order equal keys otherwise than its classic one does, and with it the folds; hence the variable.
"""

import json
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
random = np.random.RandomState(7)
cases = []
for n, noise in ((40, 1.0), (60, 0.2), (25, 3.0)):
    x = np.column_stack([np.tanh(random.randn(n)), random.randn(n), np.ones(n)])
    y = 1 / (1 + np.exp(-(x @ np.array([1.5, 0.3, -0.7]) + noise * random.randn(n))))
    y[:3] = [0.0, 1.0, 0.5]  # a row of a pure label has one copy that counts for nothing
    weight = np.where(np.arange(n) < n // 3, 0.1, 1.0)
    twice = np.concatenate([x, x])
    labels = np.concatenate([np.ones(n), np.zeros(n)])
    weights = np.concatenate([weight * y, weight * (1 - y)])
    counts = weights > 0
    options = dict(penalty="l1", solver="liblinear", fit_intercept=False, tol=1e-4, max_iter=100, random_state=123)
    fits = []
    for c in (0.01, 0.3594, 2.7826, 166.81):
        model = LogisticRegression(C=c, dual=False, **options).fit(twice[counts], labels[counts], weights[counts])
        fits.append({"c": c, "weights": model.coef_[0].tolist()})
    groups = np.concatenate([np.arange(n), np.arange(n)])
    folds = np.zeros(n, int)
    folds[np.argsort(np.full(n, 2))[::-1]] = np.arange(n) % 5  # as GroupKFold dealt groups of one size when AlpacaEval was made
    values = np.logspace(-4, 4, 10)
    losses = np.zeros((5, 10))
    for fold in range(5):
        inside = counts & (folds[groups] != fold)
        draws = np.random.RandomState(123)
        for k, c in enumerate(values):
            options["random_state"] = draws
            model = LogisticRegression(C=c, dual=False, **options).fit(twice[inside], labels[inside], weights[inside])
            held = folds == fold
            p = np.clip(1 / (1 + np.exp(-(x[held] @ model.coef_[0]))), 1e-15, 1 - 1e-15)
            losses[fold, k] = np.mean(-weight[held] * (y[held] * np.log(p) + (1 - y[held]) * np.log(1 - p)))
    cases.append(
        {
            "features": x.tolist(),
            "labels": y.tolist(),
            "weights": weight.tolist(),
            "fits": fits,
            "folds": folds.tolist(),
            "best": float(values[np.argmin(losses.mean(axis=0))]),
        }
    )
print(json.dumps(cases))

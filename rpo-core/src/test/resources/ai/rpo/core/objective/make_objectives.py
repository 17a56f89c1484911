"""Makes objectives.json: losses of TRL's DPOTrainer and their gradients by the completions' log-probabilities.

    python make_objectives.py > objectives.json        (torch 2.15, trl 1.16)

DPOTrainer._compute_loss is called as it is, in double precision, on a model that answers with given log-probabilities of
tokens. TRL has no DPO-Positive and no chi-PO; for these its sigmoid loss gets the chosen completion's log-probability with
the penalty taken off, and log-ratios rho replaced by exp(rho) + rho, the margin clipped.
"""

import json
import random
from collections import defaultdict
from types import SimpleNamespace

import torch
from trl.trainer.dpo_trainer import DPOTrainer

BETA, LAMBDA, REWARD, SMOOTHING = 0.3, 2.5, 0.4, 0.15


class Stub:
    """What _compute_loss asks of a trainer."""

    def __init__(self, loss_type, beta):
        self.loss_types, self.loss_weights, self.beta = [loss_type], [1.0], beta
        self.f_divergence_type, self.label_smoothing = "reverse_kl", SMOOTHING
        self.precompute_ref_logps, self.aux_loss_enabled, self.use_weighting, self.ld_alpha = True, False, False, None
        self.model = SimpleNamespace(training=True)
        same = lambda x: x
        self.accelerator = SimpleNamespace(device="cpu", gather=same, gather_for_metrics=same)
        self._metrics = {"train": defaultdict(list)}
        self._total_train_tokens, self._tp_size, self.args = 0, 1, None


def trl_loss(loss_type, per_token, mask, reference, beta=BETA):
    pairs = len(reference) // 2
    inputs = {
        "input_ids": torch.zeros_like(mask, dtype=torch.long),
        "attention_mask": torch.ones_like(mask),
        "completion_mask": mask,
        "ref_chosen_logps": reference[:pairs],
        "ref_rejected_logps": reference[pairs:],
    }
    zeros = torch.zeros_like(per_token)
    outputs = SimpleNamespace(log_probs=per_token, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool())
    return DPOTrainer._compute_loss(Stub(loss_type, beta), lambda **_: outputs, inputs, False)


def with_sums(sums, mask):
    """Log-probabilities of tokens that add up to the given sums."""
    shifted = mask[:, 1:].double()
    return shifted * (sums / shifted.sum(dim=1))[:, None]


def dpo_positive(per_token, mask, reference):
    sums, pairs = per_token.sum(dim=1), len(reference) // 2
    penalty = LAMBDA * torch.relu(reference[:pairs] - sums[:pairs])
    return trl_loss("sigmoid", with_sums(torch.cat([sums[:pairs] - penalty, sums[pairs:]]), mask), mask, reference)


def chi_po(per_token, mask, reference):
    ratios, pairs = per_token.sum(dim=1) - reference, len(reference) // 2
    phi = torch.exp(ratios) + ratios
    margin = torch.clamp(BETA * (phi[:pairs] - phi[pairs:]), -2 * REWARD, 2 * REWARD)
    sums = torch.cat([margin / BETA, torch.zeros_like(margin)])
    return trl_loss("sigmoid", with_sums(sums, mask), mask, torch.zeros_like(reference))


random.seed(7)
tokens = [(3, 5), (6, 2), (4, 4), (1, 7)]
near = [(-0.4, 0.3), (0.6, -0.5), (0.9, 0.2), (-1.5, 2.0)]  # log-ratios; the last pair's margin is clipped by chi-PO
lengths = [t[0] for t in tokens] + [t[1] for t in tokens]
wanted = [n[0] for n in near] + [n[1] for n in near]
mask = torch.zeros(8, 9)
per_token = torch.zeros(8, 8, dtype=torch.float64)
for row, length in enumerate(lengths):
    mask[row, 2 : 2 + length] = 1
    per_token[row, 1 : 1 + length] = torch.tensor([-random.uniform(0.2, 3) for _ in range(length)], dtype=torch.float64)
reference = per_token.sum(dim=1) - torch.tensor(wanted, dtype=torch.float64)

objectives = {
    "rpo": lambda p: trl_loss("sigmoid", p, mask, reference),
    "ipo": lambda p: trl_loss("ipo", p, mask, reference),
    "robust": lambda p: trl_loss("robust", p, mask, reference),
    "sft": lambda p: trl_loss("sft", p, mask, reference),
    "dpo-positive": lambda p: dpo_positive(p, mask, reference),
    "chi-po": lambda p: chi_po(p, mask, reference),
}
result = {
    "beta": BETA, "lambda": LAMBDA, "max_reward": REWARD, "label_smoothing": SMOOTHING,
    "chosen_tokens": lengths[:4], "rejected_tokens": lengths[4:],
    "chosen": per_token.sum(dim=1)[:4].tolist(), "rejected": per_token.sum(dim=1)[4:].tolist(),
    "reference_chosen": reference[:4].tolist(), "reference_rejected": reference[4:].tolist(),
    "objectives": {},
}
for name, loss_of in objectives.items():
    leaf = per_token.clone().requires_grad_()
    loss = loss_of(leaf)
    loss.backward()
    by_completion = [leaf.grad[row, 1].item() for row in range(8)]  # alike for all tokens of a completion
    result["objectives"][name] = {
        "loss": loss.item(), "by_chosen": by_completion[:4], "by_rejected": by_completion[4:],
    }
print(json.dumps(result, indent=1))

"""What the Open Bandit Pipeline makes of logs: JSON in, JSON out. Run by the peers' Python.

obp's own `__init__` wants a torch of 2022 for policies that are not asked for here. So its package
is entered by a side door: `obp/ope/estimators.py` is loaded as it is, with an empty `torch` beside
it, whose types are only named in annotations.
"""

import importlib
import json
import sys
import types
from pathlib import Path

import numpy as np


def estimators():
    torch = types.ModuleType("torch")
    torch.Tensor = torch.tensor = type("Tensor", (), {})
    sys.modules["torch"] = torch
    root = next(Path(p) / "obp" for p in sys.path if (Path(p) / "obp" / "ope").is_dir())
    for name, path in (("obp", root), ("obp.ope", root / "ope")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    return importlib.import_module("obp.ope.estimators")


def main() -> None:
    ope = estimators()
    answers = []
    for log in json.load(sys.stdin):
        arrays = {key: np.array(value) for key, value in log.items()}
        log = {
            "reward": arrays["reward"],
            "action": arrays["action"],
            "pscore": arrays["propensity"],
            "action_dist": arrays["pi"][:, :, None],
            "position": np.zeros(len(arrays["reward"]), dtype=int),
            "estimated_rewards_by_reg_model": arrays["q"][:, :, None],
        }
        answers.append(
            {
                "ips": ope.InverseProbabilityWeighting().estimate_policy_value(**log),
                "ips clipped": ope.InverseProbabilityWeighting(
                    lambda_=log_clip(arrays)
                ).estimate_policy_value(**log),
                "snips": ope.SelfNormalizedInverseProbabilityWeighting().estimate_policy_value(
                    **log
                ),
                "dr": ope.DoublyRobust().estimate_policy_value(**log),
                "dr clipped": ope.DoublyRobust(lambda_=log_clip(arrays)).estimate_policy_value(
                    **log
                ),
                "dr-sn": ope.SelfNormalizedDoublyRobust().estimate_policy_value(**log),
                "replay": ope.ReplayMethod().estimate_policy_value(
                    **{**log, "action_dist": arrays["greedy"][:, :, None]}
                ),
            }
        )
    json.dump({"version": version(), "answers": answers}, sys.stdout)


def log_clip(arrays) -> float:
    return float(arrays["clip"])


def version() -> str:
    from importlib.metadata import version as installed

    return installed("obp")


if __name__ == "__main__":
    main()

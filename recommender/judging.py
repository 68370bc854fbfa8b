"""Who judges simulated people's tips: the rule, or the model behind the alias `judge`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from recommender.simulation.judges import Ask, Judge, LLMJudge, RuleJudge

JUDGE: Literal["judge"] = "judge"
"""The alias under which the gateway knows the model that judges."""
LONGEST = 200
VERSION = "judge-1"
VERDICT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["reward", "because"],
    "properties": {
        "reward": {"type": "number", "minimum": -1, "maximum": 1},
        "because": {"type": "string", "minLength": 1, "maxLength": 300},
    },
}


class NoJudge(ValueError):
    """There is none of that kind. Says what to configure."""


class JudgeTrouble(RuntimeError):
    """The gateway gave no answer at all."""


def judge(kind: str, *, clock: Callable[[], datetime]) -> Judge:
    """The judge of that kind. Raises NoJudge."""
    if kind == RuleJudge.id:
        return RuleJudge()
    if kind == LLMJudge.id:
        return LLMJudge(asking(clock))
    raise NoJudge(f"There is no judge {kind!r}, but {RuleJudge.id} and {LLMJudge.id}.")


def asking(clock: Callable[[], datetime]) -> Ask:
    """How the judging model is asked. Raises NoJudge where there is none; asking, JudgeTrouble.

    Those it is asked about are made up: it is nobody's budget but the installation's.
    """
    # The web shows what was simulated, and has no business with models.
    from agents.llm.gateway import Unavailable, complete, configured

    if not configured(JUDGE):
        raise NoJudge(
            "No language model may judge. Set OLLAMA_URL to an Ollama server (`ollama cp llama3.2 "
            "judge`), or LITELLM_URL to a LiteLLM proxy that knows a model `judge` (with LITELLM_LOCAL, "
            "or LLM_REMOTE_ALLOWED where it runs elsewhere), or use --judge rule."
        )

    def ask(prompt: str) -> str:
        try:
            said = complete(
                JUDGE, [{"role": "user", "content": prompt}], schema=VERDICT,
                prompt_version=VERSION, now=clock(), max_tokens=LONGEST, temperature=0.0,
            )  # fmt: skip
        except Unavailable as trouble:
            raise JudgeTrouble(f"{trouble.outcome}: {trouble.note}") from None
        return said.text

    return ask

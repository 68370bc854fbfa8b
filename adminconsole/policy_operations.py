"""What an operator may do about policies: promote, roll back, send into the shadow, try out, choose a
prior. Each calls a verb of the recommender and says what came.
"""

from datetime import datetime

from accounts.models import User
from adminconsole.operate import Refused, Write, operation
from recommender import evaluate, experiments, priors, promote, shadow
from recommender.experiments import BadExperiment
from recommender.models import PolicyDeployment, PolicyExperiment, PolicyPrior, PolicyShadow
from recommender.priors import CantUse
from recommender.promote import CantPromote
from recommender.registry import policies


@operation(
    PolicyDeployment,
    "Roll back",
    asks="The policy that was live before this one chooses again, from everyone's next tip on. What "
    "both have learned stays. A running experiment is stopped.",
    icon="undo",
    danger=True,
)
def roll_back(deployment: PolicyDeployment, actor: User | None, now: datetime) -> str:
    if deployment.ended_at:
        raise Refused("it is not the live one.")
    try:
        made = promote.roll_back("By hand, in the console.", only=deployment.pk, now=now)
    except CantPromote as why:
        raise Refused(str(why)) from why
    return f"{made.policy} is live again.{experiments.ended_with(made)}"


@operation(
    PolicyShadow,
    "Promote",
    asks="It becomes the live policy if the gate lets it through: it has to beat the live one in the "
    "simulator, in the shadow and in the off-policy estimate. If it does not, the gate says why and "
    "nothing changes. If it does, a running experiment is stopped.",
    icon="rocket_launch",
    own_transactions=True,
)
def promote_policy(row: PolicyShadow, actor: User | None, now: datetime, write: Write) -> str:
    def says(made: PolicyDeployment) -> str:
        return f"{row.policy} passed the gate and is live.{experiments.ended_with(made)}"

    try:
        made = promote.promote(row.policy, now=now, also=lambda made: write(says(made)))
    except CantPromote as why:
        raise Refused(str(why)) from why
    return says(made)


@operation(
    PolicyShadow,
    "Promote past the gate",
    asks="It becomes the live policy whatever the gate says. The guard watches it all the same. A "
    "running experiment is stopped.",
    icon="warning",
    danger=True,
    asks_why=True,
)
def force_policy(row: PolicyShadow, actor: User | None, now: datetime, why: str) -> str:
    try:
        made = promote.force(row.policy, why, now=now)
    except CantPromote as refusal:
        raise Refused(str(refusal)) from refusal
    if ended := experiments.ended_with(made):
        why = f"{why.strip().rstrip('.')}.{ended}"
    return f"{row.policy} is live, past the gate: {why}"


@operation(
    PolicyShadow,
    "Evaluate now",
    asks="What it would have earned is estimated from the log, against the live policy. It may take a "
    "minute; the result is kept as a run.",
    icon="query_stats",
)
def evaluate_policy(row: PolicyShadow, actor: User | None, now: datetime) -> str:
    if row.policy not in policies:
        raise Refused(f"{row.policy} is not installed.")
    run = evaluate.evaluate(type(policies.get(row.policy)), now=now)
    return f"{run.get_verdict_display()}: {run.says}"


@operation(PolicyShadow, "Stop", asks="It decides nothing more. What it left stays.", icon="pause")
def stop_shadow(row: PolicyShadow, actor: User | None, now: datetime) -> str:
    return "Stopped." if shadow.stop(row.policy) else "Was stopped already."


@operation(
    PolicyShadow,
    "Start",
    asks="It decides unseen what the live policy decides from now on; what was decided meanwhile is "
    "left out.",
    icon="play_arrow",
)
def start_shadow(row: PolicyShadow, actor: User | None, now: datetime) -> str:
    try:
        begun = shadow.start(row.policy, now=now)
    except KeyError as error:
        raise Refused(f"{row.policy} is not installed.") from error
    return "Started." if begun else "Was running already."


@operation(
    PolicyPrior,
    "Use",
    asks="Newcomers start from this one, and everyone's own reactions are weighed against it, from "
    "the next tip on. Nightly estimates stand aside until it is let go.",
    icon="push_pin",
)
def use_prior(prior: PolicyPrior, actor: User | None, now: datetime) -> str:
    if prior.current and prior.pinned:
        return "Was in use already."
    try:
        priors.use(prior.policy, prior.version, now=now)
    except CantUse as why:
        raise Refused(str(why)) from why
    return f"{prior.version} is in use, until it is let go."


@operation(
    PolicyPrior,
    "Let go",
    asks="It stays in use tonight; the next estimate takes its place.",
    icon="keep_off",
)
def let_prior_go(prior: PolicyPrior, actor: User | None, now: datetime) -> str:
    return "Let go." if priors.unpin(prior.policy, now=now) else "Was not held."


@operation(
    PolicyExperiment,
    "Start",
    asks="From now on people are served by the arm that their hash falls into. One experiment runs "
    "at a time.",
    icon="play_arrow",
)
def start_experiment(row: PolicyExperiment, actor: User | None, now: datetime) -> str:
    try:
        begun = experiments.start(row, now=now)
    except BadExperiment as why:
        raise Refused(str(why)) from why
    return "Started." if begun else "Was running already."


@operation(
    PolicyExperiment,
    "Stop",
    asks="Everyone is served by the live policy again. It can't be started again.",
    icon="stop",
    danger=True,
)
def stop_experiment(row: PolicyExperiment, actor: User | None, now: datetime) -> str:
    return "Stopped." if experiments.stop(row, now=now) else "Was not running."


@operation(
    PolicyExperiment,
    "Look now",
    asks="Where it stands, with intervals that hold however often one looks. Kept as a run.",
    icon="query_stats",
)
def look_at_experiment(row: PolicyExperiment, actor: User | None, now: datetime) -> str:
    if row.started_at is None:
        raise Refused("it has not begun.")
    if any(arm["policy"] not in policies for arm in row.arms):
        raise Refused("a policy of it is not installed any more.")
    return experiments.look(row, now=now).says

"""The timetable: every periodic job, in one place.

`manage.py sync_timetable` writes it into django-celery-beat, where ops can pause an entry or change
its interval; their change stays. `expires` keeps a queue from filling while no worker runs.
"""

from dataclasses import dataclass

from agents.jobs import EVERY_SECONDS, WRITE_SECONDS


@dataclass(frozen=True)
class Entry:
    name: str
    job: str
    every_seconds: int
    says: str


TIMETABLE = (
    Entry("heartbeat", "adminconsole.jobs.beat", 15, "Shows that beat and a worker are alive."),
    Entry("deliver events", "oo.events.jobs.deliver_due", 20, "Delivers events whose wake-up was lost."),
    Entry("mirror events", "oo.events.jobs.mirror_due", 20, "Sends to the bus what it missed."),
    Entry("inbound", "oo.events.jobs.take_inbound", 20, "Takes what others published on the bus."),
    Entry("purge leavers", "oo.events.jobs.purge_leavers", 300, "Clears the bus of those who left."),
    Entry("prune events", "oo.events.jobs.prune_log", 86_400, "Drops delivered events past retention."),
    Entry("erasures", "accounts.jobs.run_erasures", 60, "Takes up deletions that were interrupted."),
    Entry("drop expired", "accounts.jobs.drop_expired", 86_400, "Old sessions and machine tokens."),
    Entry("sync", "integrations.jobs.sync_sweep", 30, "Reads the connections that are due, in batches."),
    Entry("commands", "integrations.jobs.send_commands", 30, "Tells sources what was completed here."),
    Entry("deliveries", "integrations.jobs.work_off_deliveries", 30, "Takes in what endpoints were sent."),
    Entry("uploads", "integrations.jobs.read_uploads", 60, "Reads uploads whose wake-up was lost."),
    Entry("news", "integrations.jobs.read_told", 30, "Reads the lists that a webhook told of."),
    Entry("histories", "integrations.jobs.read_histories", 300, "Reads what was completed before."),
    Entry("revocations", "integrations.jobs.revoke_tokens", 60, "Revokes tokens of cut connections."),
    Entry("precompute", "agents.jobs.precompute", EVERY_SECONDS, "Keeps the pools of candidates fresh."),
    Entry("infer", "agents.jobs.infer", 86_400, "Infers what people are like, where something is new."),
    Entry("prune model calls", "agents.jobs.prune_model_calls", 900, "Drops what models were asked."),
    Entry("write tips", "agents.jobs.write_tips", WRITE_SECONDS, "Has a model write, where there is one."),
    Entry("cluster", "agents.jobs.cluster", 3_600, "Finds which open tasks are alike."),
    Entry("prune candidates", "agents.jobs.prune_candidates", 86_400, "Drops candidates long retired."),
    Entry("learn", "recommender.jobs.learn_sweep", 30, "Settles and learns what a lost wake-up left."),
    Entry("prune decisions", "recommender.jobs.prune_decisions", 86_400, "Drops what nobody answered."),
    Entry("prune signals", "integrations.jobs.prune_signals", 86_400, "Drops long-closed tasks."),
    Entry("estimate priors", "recommender.jobs.estimate_priors", 86_400, "What newcomers start from."),
    Entry("shadows", "recommender.jobs.sweep_shadows", 60, "Has shadow policies decide what was decided."),
    Entry("evaluate policies", "recommender.jobs.evaluate_policies", 21_600, "Weighs shadows by the log."),
    Entry("guard", "recommender.jobs.guard_promotion", 300, "Rolls a promotion back that does harm."),
    Entry("experiment", "recommender.jobs.adapt_experiment", 3_600, "Fixes the shares of tomorrow."),
    Entry("drift", "recommender.jobs.look_for_drift", 86_400, "Tells when decisions have changed."),
    Entry("turn", "recommender.jobs.look_for_turn", 86_400, "Sets aside what people have turned away from."),
    Entry("balances", "recommender.jobs.learn_balances", 86_400, "How people want kinds of tips shared out."),
    Entry("send runs", "recommender.jobs.send_runs", 60, "Tells MLflow, where there is one, of runs."),
    Entry("expire tips", "recommender.jobs.expire_tips", 60, "Closes tips that nobody answered."),
)  # fmt: skip

"""The timetable: every periodic job, in one place.

`manage.py sync_timetable` writes it into django-celery-beat, where ops can pause an entry or change
when it runs; their change stays. `expires` keeps a queue from filling while no worker runs. What runs
once a day has a time at night, in UTC; what was missed there is caught up on by the entry "missed".
"""

from dataclasses import dataclass

from agents.jobs import EVERY_SECONDS, WRITE_SECONDS


@dataclass(frozen=True)
class Entry:
    name: str
    job: str
    every_seconds: int
    says: str
    at: str = ""  # HH:MM in UTC, for what runs once a day


def nightly(at: str, name: str, job: str, says: str) -> Entry:
    return Entry(name, job, 86_400, says, at)


TIMETABLE = (
    Entry("heartbeat", "adminconsole.jobs.beat", 15, "Shows that beat and a worker are alive."),
    Entry("missed", "adminconsole.jobs.catch_up", 120, "Runs what was missed while oO was off."),
    Entry("deliver events", "oo.events.jobs.deliver_due", 20, "Delivers events whose wake-up was lost."),
    Entry("mirror events", "oo.events.jobs.mirror_due", 20, "Sends to the bus what it missed."),
    Entry("inbound", "oo.events.jobs.take_inbound", 20, "Takes what others published on the bus."),
    Entry("purge leavers", "oo.events.jobs.purge_leavers", 300, "Clears the bus of those who left."),
    nightly("02:50", "prune events", "oo.events.jobs.prune_log", "Drops events past retention."),
    Entry("erasures", "accounts.jobs.run_erasures", 60, "Takes up deletions that were interrupted."),
    nightly("03:00", "drop expired", "accounts.jobs.drop_expired", "Old sessions and machine tokens."),
    Entry("sync", "integrations.jobs.sync_sweep", 30, "Reads the connections that are due, in batches."),
    Entry("commands", "integrations.jobs.send_commands", 30, "Tells sources what was completed here."),
    Entry("deliveries", "integrations.jobs.work_off_deliveries", 30, "Takes in what endpoints were sent."),
    Entry("uploads", "integrations.jobs.read_uploads", 60, "Reads uploads whose wake-up was lost."),
    Entry("news", "integrations.jobs.read_told", 30, "Reads the lists that a webhook told of."),
    Entry("histories", "integrations.jobs.read_histories", 300, "Reads what was completed before."),
    Entry("revocations", "integrations.jobs.revoke_tokens", 60, "Revokes tokens of cut connections."),
    Entry("precompute", "agents.jobs.precompute", EVERY_SECONDS, "Keeps the pools of candidates fresh."),
    nightly("02:05", "infer", "agents.jobs.infer", "Infers what people are like, where something is new."),
    Entry("prune model calls", "agents.jobs.prune_model_calls", 900, "Drops what models were asked."),
    Entry("write tips", "agents.jobs.write_tips", WRITE_SECONDS, "Has a model write, where there is one."),
    Entry("cluster", "agents.jobs.cluster", 3_600, "Finds which open tasks are alike."),
    nightly("03:10", "prune candidates", "agents.jobs.prune_candidates", "Drops candidates long retired."),
    Entry("learn", "recommender.jobs.learn_sweep", 30, "Settles and learns what a lost wake-up left."),
    nightly("03:20", "prune decisions", "recommender.jobs.prune_decisions", "Drops what nobody answered."),
    nightly("03:30", "prune signals", "integrations.jobs.prune_signals", "Drops long-closed tasks."),
    nightly("03:45", "estimate priors", "recommender.jobs.estimate_priors", "What newcomers start from."),
    Entry("shadows", "recommender.jobs.sweep_shadows", 60, "Has shadow policies decide what was decided."),
    Entry("evaluate policies", "recommender.jobs.evaluate_policies", 21_600, "Weighs shadows by the log."),
    Entry("guard", "recommender.jobs.guard_promotion", 300, "Rolls a promotion back that does harm."),
    Entry("experiment", "recommender.jobs.adapt_experiment", 3_600, "Fixes the shares of tomorrow."),
    nightly("04:00", "drift", "recommender.jobs.look_for_drift", "Tells when decisions have changed."),
    nightly("04:15", "turn", "recommender.jobs.look_for_turn", "Sets aside what people turned away from."),
    nightly("04:30", "balances", "recommender.jobs.learn_balances", "How people want kinds shared out."),
    Entry("send runs", "recommender.jobs.send_runs", 60, "Tells MLflow, where there is one, of runs."),
    Entry("expire tips", "recommender.jobs.expire_tips", 60, "Closes tips that nobody answered."),
)  # fmt: skip

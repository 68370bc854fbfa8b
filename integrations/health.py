"""Are sources being read?"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Min

from integrations.models import Connection
from integrations.source import UsesOAuth, sources
from oo.lib.health import Finding, register


def credentials(now: datetime) -> Finding:
    networked = [source for source in sources if isinstance(source, UsesOAuth)]
    missing: dict[str, str] = {}
    if not (settings.GOOGLE_CLIENT_ID and settings.GOOGLE_CLIENT_SECRET):
        missing["Google"] = "google"
    if not any(source.is_configured() for source in networked):
        missing |= {source.name: source.id for source in networked}
    if missing:
        names = " and ".join(missing)
        variables = ", ".join(
            f"{id.upper()}_CLIENT_ID, {id.upper()}_CLIENT_SECRET" for id in missing.values()
        )
        return Finding("fail", f"No OAuth credentials for {names}.", f"Set {variables} in .env.")
    where = "the sandbox stands in" if settings.SANDBOX_URL else "configured"
    return Finding("ok", f"OAuth credentials: {where}.")


def last_sync(now: datetime) -> Finding:
    read = Connection.objects.filter(
        status=Connection.Status.CONNECTED, due_at__isnull=False, user__is_active=True
    ).aggregate(newest=Max("synced_at"), overdue=Min("due_at"), failing=Max("failures"))
    if read["overdue"] is None:
        return Finding("ok", "No connection needs reading.")
    late = now - read["overdue"]
    allowed = timedelta(seconds=2 * settings.SYNC_EVERY_SECONDS)
    sealed = Connection.objects.filter(trouble="sealed").count()
    if sealed:
        return Finding(
            "fail",
            f"The tokens of {sealed} connections were sealed with a key that is gone.",
            "Put that key back into ENCRYPTION_KEYS, or have these users connect again.",
        )
    newest = f"{read['newest']:%Y-%m-%d %H:%M} UTC" if read["newest"] else "never"
    if late > allowed:
        return Finding(
            "fail",
            f"A connection is {int(late.total_seconds())} s late; the last read was {newest}.",
            "Look at the worker's log; are worker and beat running?",
        )
    if read["failing"]:
        count = Connection.objects.filter(failures__gt=0).count()
        return Finding("warn", f"{count} connections have a source in trouble; last read {newest}.")
    return Finding("ok", f"The last read was {newest}.")


register("OAuth credentials", credentials)
register("Sources", last_sync)

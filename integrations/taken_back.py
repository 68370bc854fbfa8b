"""A consent that is taken back in the profile ends what was handed over under it."""

from datetime import datetime

from accounts import consents
from accounts.models import User
from integrations.disconnect import disconnect
from integrations.models import Connection
from integrations.source import AcceptsExport, sources
from integrations.uploads import stop_reading


def end_what_it_allowed(user: User, document: str, now: datetime) -> None:
    """Nothing that came under this document is here any more, nor on its way."""
    for source in sources:
        if isinstance(source, AcceptsExport) and source.consent == document:
            stop_reading(user, source, now=now)
            for connection in Connection.objects.filter(user=user, source=source.id):
                disconnect(connection, now=now)


consents.when_taken_back(end_what_it_allowed)

"""The user as Todoist describes them, including what nobody should store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ..clock import stamp
from .account import Account


def described(account: Account) -> dict[str, Any]:
    """The body of ``GET /user``.

    ``token`` and the token inside ``websocket_url`` are bait: they open nothing here, and a test
    that finds them in a database or a log has found a leak.
    """
    persona = account.persona
    bait = f"sandbox-personal-api-token-of-{persona.id}"
    inbox = next(row for row in account.live("projects") if row["inbox_project"])
    completed = account.completions(datetime(1970, 1, 1, tzinfo=UTC), account.now)
    today = [row for row in completed if _day(account, row["completed_at"]) == account.today]
    return {
        "id": persona.user_id,
        "email": persona.email,
        "full_name": persona.name,
        "token": bait,
        "websocket_url": f"wss://ws.sandbox.invalid/?token={bait}",
        "inbox_project_id": inbox["id"],
        "tz_info": _tz_info(account),
        "lang": "en",
        "start_day": persona.start_day,
        "start_page": "today",
        "next_week": 1,
        "weekend_start_day": 6,
        "days_off": [6, 7],
        "daily_goal": 5,
        "weekly_goal": 25,
        "date_format": 0,
        "time_format": 0,
        "sort_order": 0,
        "auto_reminder": 0,
        "completed_count": len(completed),
        "completed_today": len(today),
        "karma": 1684.0,
        "karma_trend": "up",
        "premium_status": "not_premium",
        "is_premium": False,
        "has_password": True,
        "is_deleted": False,
        "deleted_at": None,
        "image_id": None,
        "avatar_big": None,
        "avatar_medium": None,
        "avatar_s640": None,
        "avatar_small": None,
        "business_account_id": None,
        "joined_at": stamp(account.now - timedelta(days=400)),
        "theme_id": "11",
        "mfa_enabled": False,
        "verification_status": "verified",
    }


def _tz_info(account: Account) -> dict[str, Any]:
    here = account.now.astimezone(account.zone)
    offset = here.utcoffset() or timedelta(0)
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return {
        "timezone": account.persona.time_zone,
        "gmt_string": f"{sign}{hours:02}:{rest:02}",
        "hours": -hours if minutes < 0 else hours,
        "minutes": rest,
        "is_dst": int(bool(here.dst())),
    }


def _day(account: Account, text: str) -> Any:
    return datetime.fromisoformat(text).astimezone(account.zone).date()

"""The operators' log is written once: the database refuses to change or delete its rows.

What stays possible is to forget a person: an actor becomes nobody, a subject a deleted person.

SQLite loses triggers when a table is remade: a later migration that alters this table has to run
`guard` again. tests/console/test_log.py notices.
"""

from typing import Any

from django.conf import settings
from django.db import migrations, models

MESSAGE = "admin_actions is written once: its rows are neither changed nor deleted"

# What an update may do. IS NOT DISTINCT FROM on PostgreSQL is IS on SQLite.
FORGETTING = """
    NEW.id = OLD.id AND NEW.action = OLD.action AND NEW.outcome = OLD.outcome AND NEW.at = OLD.at
    AND (NEW.actor_id IS NULL OR NEW.actor_id {same} OLD.actor_id)
    AND (
        (NEW.subject_user_id {same} OLD.subject_user_id AND NEW.subject = OLD.subject)
        OR (OLD.subject_user_id IS NOT NULL AND NEW.subject_user_id IS NULL
            AND NEW.subject = 'a deleted person')
    )
"""

POSTGRESQL = (
    f"""
    CREATE FUNCTION admin_actions_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF {FORGETTING.format(same="IS NOT DISTINCT FROM")} THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER admin_actions_unchanged BEFORE UPDATE ON admin_actions
    FOR EACH ROW EXECUTE FUNCTION admin_actions_refuse()
    """,
    """
    CREATE TRIGGER admin_actions_kept BEFORE DELETE ON admin_actions
    FOR EACH ROW EXECUTE FUNCTION admin_actions_refuse()
    """,
)

SQLITE = (
    f"""
    CREATE TRIGGER admin_actions_unchanged BEFORE UPDATE ON admin_actions
    WHEN NOT ({FORGETTING.format(same="IS")})
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
    f"""
    CREATE TRIGGER admin_actions_kept BEFORE DELETE ON admin_actions
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
)


def guard(apps: Any, schema_editor: Any) -> None:
    statements = {"postgresql": POSTGRESQL, "sqlite": SQLITE}
    for statement in statements.get(schema_editor.connection.vendor, ()):
        schema_editor.execute(statement, params=None)


def unguard(apps: Any, schema_editor: Any) -> None:
    on = " ON admin_actions" if schema_editor.connection.vendor == "postgresql" else ""
    for name in ("admin_actions_unchanged", "admin_actions_kept"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}", params=None)
    if on:
        schema_editor.execute("DROP FUNCTION IF EXISTS admin_actions_refuse()", params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("adminconsole", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="adminaction", options={"verbose_name": "operator action"}
        ),
        migrations.AddIndex(
            model_name="adminaction",
            index=models.Index(fields=["subject_user_id"], name="admin_actions_subject"),
        ),
        migrations.RunPython(guard, unguard),
    ]

"""Migration operations for what Django has no word for: append-only tables and monthly partitions."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

APPEND_ONLY = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION loopcare_refuse_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'loopcare_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM loopcare_app;
    END IF;
END $$;
"""


def append_only(*tables: str) -> list[migrations.RunSQL]:
    """Refuse UPDATE and DELETE on these tables to everybody: by trigger, and by grant to the running role."""
    return [
        migrations.RunSQL(APPEND_ONLY.format(table=table), f"DROP TRIGGER {table}_append_only ON {table};")
        for table in tables
    ]


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel whose table is partitioned by month of one date column; Django writes constraints and indexes."""

    def __init__(self, *args: Any, partition_by: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partition_by = partition_by

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        original = schema_editor.sql_create_table
        schema_editor.sql_create_table = f"{original} PARTITION BY RANGE ({self.partition_by})"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = original

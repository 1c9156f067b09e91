"""Migration operations for what Django has no word for: append-only tables and monthly partitions."""

from __future__ import annotations

from collections.abc import Iterable
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


REFERENCES = """
CREATE TRIGGER {table}_references AFTER INSERT ON {table} REFERENCING NEW TABLE AS landed
    FOR EACH STATEMENT EXECUTE FUNCTION loopcare_check_references({arguments});
"""


def checked_references(table: str, **targets: str) -> migrations.RunSQL:
    """Columns of `table` whose values must be keys of other tables ("table.column"), asked once a statement.

    For tables that take a million rows at once and whose references never change: a foreign key asks for every row, and
    costs more than all their indexes. Whatever deletes from the other tables must look here itself.
    """
    arguments = _quoted(part for column, target in targets.items() for part in (column, *target.split(".")))
    return migrations.RunSQL(
        REFERENCES.format(table=table, arguments=arguments), f"DROP TRIGGER {table}_references ON {table};"
    )


KEPT = """
CREATE TRIGGER {table}_kept AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION loopcare_keep_referenced({arguments});
"""


def kept_references(table: str, key: str, *columns: str) -> migrations.RunSQL:
    """The other side of `checked_references`: no row of `table` goes that one of these "table.column" names."""
    arguments = _quoted([key, *(part for column in columns for part in column.split("."))])
    return migrations.RunSQL(KEPT.format(table=table, arguments=arguments), f"DROP TRIGGER {table}_kept ON {table};")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


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

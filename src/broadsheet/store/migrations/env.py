"""How Alembic runs here: on the connection it is given, inside that connection's transaction."""

from alembic import context

from broadsheet.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's too: we say BEGIN ourselves
)
with context.begin_transaction():
    context.run_migrations()

"""Remember this: papers, records, signals, readers and the change log, by SQLAlchemy Core."""

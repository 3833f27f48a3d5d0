"""What is new out there? One file per source; each yields records, observations and faults."""

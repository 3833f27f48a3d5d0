"""What happens by itself? Each job has run_once() -> bool: whether there was anything to do."""

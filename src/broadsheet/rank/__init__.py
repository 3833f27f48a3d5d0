"""In which order? Numbers in, numbers out: no I/O, no clock."""

"""What bytes leave the house? Papers in, bytes out."""

"""What vendors tell us unasked: taken in at once, applied by workers."""

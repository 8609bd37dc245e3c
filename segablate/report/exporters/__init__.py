"""Where results can be taken to."""

"""What commands do, without a terminal: for the command line, and for notebooks."""

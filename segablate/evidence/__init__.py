"""What a difference is worth: intervals, paired tests, verdicts. Plain numbers in, no torch."""

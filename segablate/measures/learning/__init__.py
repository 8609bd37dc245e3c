"""What the measure `accuracy` does: plan, learn, score."""

"""Ways to encode labels for the measure `oracle`."""

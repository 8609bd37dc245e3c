"""The only floor with side effects: plan, execute, store, collect."""

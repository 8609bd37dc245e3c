"""The formats of a report: each one file that writes a whole page."""

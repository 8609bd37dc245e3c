"""What a measure's numbers look like on a page: each measure one file."""

"""What the panel counts and reports of itself, for those who operate it."""

"""What the floors below announce, and what enrollments do about it."""

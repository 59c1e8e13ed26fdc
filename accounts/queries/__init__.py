"""The questions that this floor's screens ask; each in a fixed number of database queries, whatever the rows."""

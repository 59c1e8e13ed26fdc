"""The questions that this app's screens ask; each in a fixed number of database queries, whatever the rows."""

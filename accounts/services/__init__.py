"""The verbs of this floor: each one is a transaction with its audit entry, its announcement and its owed mail."""

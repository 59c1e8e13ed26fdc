"""Documents that people upload: judged by what they hold, never by their names (rule TAX-1)."""

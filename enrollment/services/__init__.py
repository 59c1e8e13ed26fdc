"""The verbs: each module is named for the noun that it acts on."""

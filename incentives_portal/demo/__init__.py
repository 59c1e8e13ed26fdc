"""Demonstration mode: sign in with one click, read the mails, move the clock. Installed on loopback only."""

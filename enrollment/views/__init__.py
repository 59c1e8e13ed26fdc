"""What answers the addresses of this app: a few lines each, in front of policy, services and queries."""

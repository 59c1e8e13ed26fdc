"""The screens of this floor: a view asks the policy, calls one query or one service, and answers with a page."""

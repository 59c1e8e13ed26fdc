"""What this floor announces; the floors above listen.

`role_assigned` is sent inside the transaction, with `assignment` (a RoleAssignment) and `by`: a new incentives admin gets
the invitations that wait for one (rule INV-2). `role_ended` likewise.
"""

from django.dispatch import Signal

role_assigned = Signal()
role_ended = Signal()

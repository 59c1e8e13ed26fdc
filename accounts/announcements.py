"""What this floor announces; the floors above listen.

`role_assigned` is sent inside the transaction, with `assignment` (a RoleAssignment) and `by`: a new incentives admin gets
the invitations that wait for one (rule INV-2). `role_ended` likewise. `role_given_to_many` stands for many `role_assigned`
with `assignments` of one role on the same terms, as a directory's group gives them.
"""

from django.dispatch import Signal

role_assigned = Signal()
role_ended = Signal()
role_given_to_many = Signal()

"""What the worker does for people and roles: callers of services, without data of their own."""

from celery import shared_task

from accounts.services import coverage, directory_roles


@shared_task(name="accounts.tasks.tell_of_expired_roles")
def tell_of_expired_roles() -> None:
    """Tells of locations whose last incentives admin's role expired (rule ACC-2)."""
    coverage.tell_of_expired_roles()


@shared_task(name="accounts.tasks.realign_directories")
def realign_directories() -> None:
    """Aligns the people of directories whose group mappings changed (rule ACC-5)."""
    directory_roles.realign_due()

"""Single sign-on and provisioning of a partner, set up by its global admins (rule ACC-5)."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import policy
from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.models import Directory, GroupMapping, MailDomain
from accounts.queries.sign_in_settings import page_of
from accounts.roles import Permission
from accounts.services import directories, directory_sign_in, group_mappings, mail_domains
from accounts.sign_in_forms import DomainForm, ForgetForm, MappingForm, ProviderForm, SwitchForm
from accounts.views.doing import attempt
from accounts.views.seen import partner_of

# Which field a refusal is about.
FIELDS = {"no_location": "locations", "twice": "group", "programs": "program_codes"}
ours = allowed(Permission.CONFIGURE_SIGN_IN)


@require_GET
@ours
def sign_in_settings(request: PortalRequest) -> HttpResponse:
    """How the directory is connected, its mail domains, and which group gives which role."""
    directory = Directory.objects.filter(partner=partner_of(request)).first()
    if directory is None:
        return render(request, "accounts/sign_in_begin.html")
    forms = {
        "switch_form": SwitchForm(initial={"is_on": directory.is_sign_in_on, "is_required": directory.is_sign_in_required}),
        "domain_form": DomainForm(),
        "forget_form": ForgetForm(auto_id="forget_%s"),
    }
    return render(request, "accounts/sign_in_settings.html", page_of(directory) | forms)


@require_POST
@ours
@fresh_second_factor
def begin(request: PortalRequest) -> HttpResponse:
    """Makes the addresses that are entered at the provider."""
    directories.begin(partner=partner_of(request), by=request.user)
    return redirect("sign_in_settings")


@require_http_methods(["GET", "POST"])
@ours
@fresh_second_factor
def provider(request: PortalRequest) -> HttpResponse:
    """Connects the OpenID provider, which is asked before anything is saved."""
    directory = _directory_or_404(request)
    form = ProviderForm(request.POST or None, directory=directory)
    if request.method == "POST" and form.is_valid():
        try:
            found = directories.connect(directory=directory, **form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("We reached it. It calls itself %(issuer)s.") % {"issuer": found.issuer})
            return redirect("sign_in_settings")
    context = {"form": form, "directory": directory}
    return render(request, "accounts/sign_in_provider.html", context, status=422 if form.is_bound else 200)


@require_POST
@ours
@fresh_second_factor
def switch(request: PortalRequest) -> HttpResponse:
    """Turns single sign-on on or off."""
    form = SwitchForm(request.POST)
    form.full_clean()
    return _do(request, directories.switch, _("Saved."), directory=_directory_or_404(request), **form.cleaned_data)


@require_POST
@ours
@fresh_second_factor
def domain_add(request: PortalRequest) -> HttpResponse:
    """Adds a mail domain, and with it the record to publish."""
    form = DomainForm(request.POST)
    if not form.is_valid():
        return _say(request, form)
    done = _("Publish the record, then check it here.")
    return _do(request, mail_domains.add, done, directory=_directory_or_404(request), **form.cleaned_data)


@require_POST
@ours
@fresh_second_factor
def domain_check(request: PortalRequest, domain_id: uuid.UUID) -> HttpResponse:
    """Looks for the record now."""
    domain = _domain_or_404(request, domain_id)
    return _do(request, mail_domains.prove, _("%(domain)s is proven.") % {"domain": domain}, domain=domain)


@require_POST
@ours
@fresh_second_factor
def domain_remove(request: PortalRequest, domain_id: uuid.UUID) -> HttpResponse:
    """Nobody signs in under this domain any more."""
    domain = _domain_or_404(request, domain_id)
    return _do(request, mail_domains.remove, _("%(domain)s is removed.") % {"domain": domain}, domain=domain)


@require_http_methods(["GET", "POST"])
@ours
@fresh_second_factor
def mapping_new(request: PortalRequest) -> HttpResponse:
    """A group that gives a role."""
    return _mapping_page(request, _directory_or_404(request), None)


@require_http_methods(["GET", "POST"])
@ours
@fresh_second_factor
def mapping_edit(request: PortalRequest, mapping_id: uuid.UUID) -> HttpResponse:
    """Another group, role or place."""
    mapping = _mapping_or_404(request, mapping_id)
    return _mapping_page(request, mapping.directory, mapping)


def _mapping_page(request: PortalRequest, directory: Directory, mapping: GroupMapping | None) -> HttpResponse:
    form = MappingForm(request.POST or None, partner=partner_of(request), mapping=mapping)
    if request.method == "POST" and form.is_valid():
        try:
            group_mappings.save(directory=directory, mapping=mapping, **form.asked(), by=request.user)
        except ValidationError as refusal:
            field = FIELDS.get(refusal.code or "", "")
            form.add_error(field if field in form.fields else None, refusal)
        else:
            messages.success(request, _("Saved. Whoever is in the group has the role now, or at their next sign-in."))
            return redirect("sign_in_settings")
    context = {"form": form, "mapping": mapping}
    return render(request, "accounts/group_mapping.html", context, status=422 if form.is_bound else 200)


@require_POST
@ours
@fresh_second_factor
def mapping_remove(request: PortalRequest, mapping_id: uuid.UUID) -> HttpResponse:
    """The group gives the role no longer."""
    mapping = _mapping_or_404(request, mapping_id)
    done = _("%(group)s gives no such role any more.") % {"group": mapping.group}
    return _do(request, group_mappings.remove, done, mapping=mapping)


@require_POST
@ours
@fresh_second_factor
def forget(request: PortalRequest) -> HttpResponse:
    """Lets a new account of the directory in as the member who had its address."""
    form = ForgetForm(request.POST)
    if not form.is_valid():
        return _say(request, form)
    done = _("%(email)s can sign in with their new account.") % form.cleaned_data
    return _do(request, directory_sign_in.forget, done, directory=_directory_or_404(request), **form.cleaned_data)


def _do(request: PortalRequest, verb: Callable[..., Any], done: str, **thing: Any) -> HttpResponse:
    """Runs a service, says what came of it, and leads back to the settings."""
    attempt(request, verb, done, **thing)
    return redirect("sign_in_settings")


def _say(request: PortalRequest, form: Any) -> HttpResponse:
    messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("sign_in_settings")


def _directory_or_404(request: PortalRequest) -> Directory:
    directory = Directory.objects.select_related("partner").filter(partner=partner_of(request)).first()
    if directory is None:
        raise Http404
    return directory


def _domain_or_404(request: PortalRequest, domain_id: uuid.UUID) -> MailDomain:
    rows = MailDomain.objects.select_related("directory__partner").filter(directory__partner=partner_of(request))
    return policy.get_or_404(rows, pk=domain_id)


def _mapping_or_404(request: PortalRequest, mapping_id: uuid.UUID) -> GroupMapping:
    rows = GroupMapping.objects.select_related("directory__partner").filter(directory__partner=partner_of(request))
    return policy.get_or_404(rows, pk=mapping_id)

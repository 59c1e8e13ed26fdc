"""The components say the same to the ear as to the eye."""

import datetime as dt
import re
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.utils import translation
from django_cotton.compiler_regex import CottonCompiler

from enrollment.status import ShownStatus
from incentives_portal.core import clock


def render(source: str, **context: Any) -> str:
    html = Template(CottonCompiler().process(source)).render(Context(context))
    return re.sub(r"\s+", " ", html).strip()


class PersonForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As in the passport.", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    nickname = forms.CharField(label="Nickname", required=False)
    country = forms.ChoiceField(label="Country", choices=[("SE", "Sweden"), ("DE", "Germany")])
    method = forms.ChoiceField(label="Method", choices=[("a", "A\nfirst"), ("b", "B")], widget=forms.RadioSelect, help_text="One.")
    places = forms.MultipleChoiceField(
        label="Places", choices=[("1", "Umeå"), ("2", "Lund")], widget=forms.CheckboxSelectMultiple, required=False
    )
    sure = forms.BooleanField(label="I am sure")
    hidden = forms.CharField(widget=forms.HiddenInput, required=False)


def field(name: str, form: forms.Form, attributes: str = "") -> str:
    return render(f'<c-field :field="form.{name}" {attributes} />', form=form)


def test_a_field_names_its_hint_and_its_error() -> None:
    html = field("name", PersonForm({"name": ""}))
    assert '<label class="field-label" for="id_name">Name</label>' in html
    assert 'id="id_name_helptext">As in the passport.' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'autocomplete="name"' in html
    assert "required" in html


def test_a_field_without_mistakes_claims_none() -> None:
    html = field("name", PersonForm())
    assert "aria-invalid" not in html
    assert "_error" not in html


def test_optional_is_what_gets_marked() -> None:
    assert "(optional)" in field("nickname", PersonForm())
    assert "(optional)" not in field("nickname", PersonForm(), ':optional="False"')
    assert "(optional)" not in field("name", PersonForm())


def test_label_and_hint_can_be_said_in_other_words() -> None:
    html = field("name", PersonForm(), 'label="Holder" hint="As at the bank."')
    assert ">Holder</label>" in html
    assert "As at the bank." in html
    assert "passport" not in html


@pytest.mark.parametrize(("name", "kind", "count"), [("method", "radio", 2), ("places", "checkbox", 2)])
def test_choices_stand_in_a_fieldset(name: str, kind: str, count: int) -> None:
    html = field(name, PersonForm({"method": ""}))
    assert html.startswith("<fieldset")
    assert "<legend" in html
    assert html.count(f'type="{kind}"') == count
    for number in range(count):
        assert f'for="id_{name}_{number}"' in html
        assert f'id="id_{name}_{number}"' in html


def test_a_fieldset_names_its_hint_and_its_error() -> None:
    html = field("method", PersonForm({"method": ""}))
    assert '<fieldset class="field" aria-describedby="id_method_helptext id_method_error">' in html


def test_choices_as_cards() -> None:
    assert 'class="choices cards"' in field("method", PersonForm(), ':cards="True"')


def test_a_checkbox_and_its_label() -> None:
    html = field("sure", PersonForm({}))
    assert '<label class="choice" for="id_sure">' in html
    assert 'aria-invalid="true"' in html


def test_a_select_and_a_hidden_field() -> None:
    assert '<select name="country" id="id_country">' in field("country", PersonForm())
    hidden = field("hidden", PersonForm())
    assert "label" not in hidden
    assert 'type="hidden"' in hidden


def test_all_fields_of_a_form() -> None:
    html = render('<c-form-fields :form="form" />', form=PersonForm())
    assert html.count('type="hidden"') == 1
    assert all(f"id_{name}" in html for name in PersonForm.base_fields)


def test_the_error_summary_leads_to_each_field() -> None:
    html = render('<c-error-summary :form="form" />', form=PersonForm({}))
    assert 'role="alert"' in html
    assert 'tabindex="-1"' in html
    assert 'href="#id_name"' in html
    assert 'href="#id_method_0"' in html
    assert 'href="#id_sure"' in html


def test_no_errors_no_summary() -> None:
    assert render('<c-error-summary :form="form" />', form=PersonForm()) == ""


@pytest.mark.parametrize("status", list(ShownStatus))
def test_a_status_is_a_word_with_a_shape(status: ShownStatus) -> None:
    html = render('<c-status value="{{ status }}" label="The word" />', status=status.value)
    assert html == f'<span class="status" data-status="{status.value}">The word</span>'


@pytest.mark.rule("STA-1")
@pytest.mark.parametrize(
    ("state", "words"), [("met", "Done"), ("partner", "Your turn"), ("operator", "With Northwind"), ("later", "Comes later")]
)
def test_a_task_says_whose_turn_it_is(state: str, words: str) -> None:
    html = render('<c-task state="{{ state }}" title="Tax profile" />', state=state, operator_name="Northwind")
    assert words in html


def test_a_task_with_its_owner_deadline_and_detail() -> None:
    html = render(
        '<c-task-list label="Steps">'
        '<c-task state="partner" title="Tax" owner="Ines" deadline="by 3 July">Mend it</c-task></c-task-list>'
    )
    assert '<ul class="task-list" aria-label="Steps">' in html
    assert all(words in html for words in ("Ines", "by 3 July", "Mend it"))
    assert "Your turn" not in html


def test_attributes_do_not_leak_from_the_page() -> None:
    html = render('<c-card>Text</c-card><c-empty title="None" />', title="The page's own", actions="no", id="no", by="no")
    assert "The page" not in html
    assert "no" not in html.replace("None", "")


def test_a_table_scrolls_in_a_named_region() -> None:
    html = render('<c-table caption="People"><tbody></tbody></c-table>')
    assert 'role="region" tabindex="0" aria-label="People"' in html
    assert "<caption>People</caption>" in html


def test_text_from_people_is_escaped() -> None:
    html = render('<c-notice title="{{ name }}"><p>{{ name }}</p></c-notice><c-page-header title="{{ name }}" />', name="<b>&")
    assert "<b>" not in html
    assert html.count("&lt;b&gt;&amp;") == 3


def test_pages_keep_the_filters() -> None:
    page = Paginator(range(120), 50).page(2)
    html = render('<c-pagination :page="page" query="{{ query }}" />', page=page, query="status=invited&q=a")
    assert 'href="?status=invited&amp;q=a&amp;page=1"' in html
    assert 'rel="next"' in html
    assert "51–100 of 120" in html


def test_one_page_offers_no_way_on() -> None:
    html = render('<c-pagination :page="page" />', page=Paginator(range(3), 50).page(1))
    assert "1–3 of 3" in html
    assert "href" not in html


def test_a_timeline_takes_moments_and_words() -> None:
    moment = dt.datetime(2026, 11, 21, 15, 4, tzinfo=dt.UTC)
    html = render(
        '<c-timeline><c-timeline-item :at="at" title="Enrolled" by="Ines" />'
        '<c-timeline-item at="2 July" title="Invited" /></c-timeline>',
        at=moment,
    )
    assert '<time datetime="2026-11-21T16:04:00+01:00">21 Nov 2026, 16:04</time>' in html
    assert '<p class="timeline-at">2 July</p>' in html


def test_dates_read_naturally_in_swedish() -> None:
    with translation.override("sv"):
        html = render(
            '{{ at|date:"DATETIME_FORMAT" }} {{ at|date:"DATE_FORMAT" }}', at=dt.datetime(2026, 11, 21, 15, 4, tzinfo=dt.UTC)
        )
    assert html == "21 nov 2026 16:04 21 nov 2026"


def test_steps_say_which_one_is_now() -> None:
    html = render('<c-steps label="Progress"><c-step state="done" title="One" /><c-step state="current" title="Two" /></c-steps>')
    assert html.count('aria-current="step"') == 1
    assert "(Done)" in html


@pytest.mark.rule("VAL-1")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hours", "words"),
    [(31, "about 31 hours left"), (72, "about 3 days left"), (0.5, "about 30 minutes left"), (-5, "overdue by about 5 hours")],
)
def test_time_left_is_by_the_portals_clock(hours: float, words: str) -> None:
    start = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
    with clock.moved_to(start):
        now = clock.now()
        html = render(
            '<c-time-left :until="until" :since="since" label="Decision by" />',
            until=now + dt.timedelta(hours=hours),
            since=now - dt.timedelta(hours=17),
        )
    assert words in html
    assert ("data-overdue" in html) is (hours < 0)
    assert ("<progress" in html) is (hours > 0)

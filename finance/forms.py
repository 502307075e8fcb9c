from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from finance.models import FinancialAdministration
from members import cleaning


class FinancialAdministrationForm(forms.ModelForm):
    class Meta:
        model = FinancialAdministration
        fields = ("name",)
        help_texts = {"name": gettext_lazy("The legal person whose books these are, such as the association or its foundation.")}

    def clean_name(self) -> str:
        """Compared without capitals, in Python, because SQLite folds only ASCII."""
        name = cleaning.text(self.cleaned_data["name"])
        for other in FinancialAdministration.objects.exclude(pk=self.instance.pk):
            if other.name.casefold() == name.casefold():
                raise ValidationError(
                    _("There is a financial administration “%(name)s” already, and two could not be told apart. Choose another.")
                    % {"name": other.name}
                )
        return name

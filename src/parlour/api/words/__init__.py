"""What programs do about an organization's own words."""

from collections.abc import Sequence

from litestar.handlers import HTTPRouteHandler

from parlour.api.words import automatic_mails, signatures, templates

__all__ = ["HANDLERS"]

HANDLERS: Sequence[HTTPRouteHandler] = (
    signatures.list_signatures,
    signatures.add_signature,
    signatures.read_signature,
    signatures.change_signature,
    signatures.remove_signature,
    templates.list_templates,
    templates.add_template,
    templates.read_template,
    templates.change_template,
    templates.remove_template,
    templates.list_offered_templates,
    templates.fill_template,
    automatic_mails.list_automatic_mails,
    automatic_mails.add_automatic_mail,
    automatic_mails.read_automatic_mail,
    automatic_mails.change_automatic_mail,
    automatic_mails.remove_automatic_mail,
    automatic_mails.read_mail_settings,
    automatic_mails.change_mail_settings,
    automatic_mails.preview_words,
)

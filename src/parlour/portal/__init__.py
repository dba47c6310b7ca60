"""The customers' pages: their tickets and nobody else's, in their organization's name and colour."""

from parlour.portal import address, brand, enter, files, links, passkeys, security, sign_in, tickets, writing

ROUTES = [
    brand.style,
    brand.logo,
    sign_in.form,
    sign_in.enter,
    sign_in.code_form,
    sign_in.code,
    sign_in.set_up_form,
    sign_in.set_up,
    sign_in.confirm_form,
    sign_in.confirm,
    sign_in.leave,
    *passkeys.ROUTES,
    *links.ROUTES,
    *enter.ROUTES,
    address.ask,
    tickets.list_tickets,
    tickets.read_ticket,
    writing.new_ticket,
    writing.open_ticket,
    writing.reply,
    writing.mark_as_solved,
    files.show,
    *security.ROUTES,
]

__all__ = ["ROUTES"]

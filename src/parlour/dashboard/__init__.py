"""The agents' pages: views, tickets, and what each ticket needs; settings."""

from parlour.dashboard import bell, changing, files, inbox, inserting, opening, pictures, sending, settings

ROUTES = [
    inbox.begin,
    inbox.view,
    inbox.search,
    inbox.refresh,
    inbox.ticket,
    inbox.earlier,
    opening.new,
    opening.create,
    opening.people_named,
    inserting.templates,
    inserting.template,
    *sending.ROUTES,
    pictures.show,
    changing.properties,
    changing.delete,
    changing.restore,
    files.upload,
    files.discard,
    files.download,
    bell.show,
    bell.read_all,
    *settings.ROUTES,
]

__all__ = ["ROUTES"]

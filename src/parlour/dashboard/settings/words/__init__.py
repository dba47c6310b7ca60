"""Pages where words are written: signatures, templates, automatic mails."""

from parlour.dashboard.settings.words import automatic, editing, listing

ROUTES = [
    listing.signatures,
    listing.templates,
    automatic.show,
    automatic.change,
    editing.new,
    editing.preview,
    editing.add,
    editing.one,
    editing.save,
    editing.forget,
    editing.remove,
]

__all__ = ["ROUTES"]

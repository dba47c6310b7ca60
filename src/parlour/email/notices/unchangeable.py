"""Notices that no organization words anew: what they tell must be told, whoever set up the mails."""

from enum import StrEnum
from typing import Final

from parlour.email import wording
from parlour.email.wording import Text
from parlour.foundation.database import Transaction


class Unchangeable(StrEnum):
    """What is told."""

    ORGANIZATION_CLOSED = "ORGANIZATION_CLOSED"
    ORGANIZATION_REOPENED = "ORGANIZATION_REOPENED"
    ERASURE_NEAR = "ERASURE_NEAR"


async def fixed_text(tx: Transaction, kind: Unchangeable) -> tuple[str, Text]:
    """In the first of the organization's languages that it is written in, else in English."""
    language = next((code for code in await wording.languages(tx) if code in _TEXTS[kind]), "en")
    return language, _TEXTS[kind][language]


_TEXTS: Final = {
    Unchangeable.ORGANIZATION_CLOSED: {
        "en": Text(
            "Hello {{customer.first_name}},\n\n{{erasure.who}} has closed {{organization.name}} to have it deleted. "
            "Only administrators come in now, and mail to its mailboxes is sent back.\n\nOn {{erasure.day}} "
            "everything is erased: tickets, people, files, settings. Until then any administrator can call it off "
            "in the settings. Afterwards nobody can bring anything back.",
            subject="{{organization.name}} will be deleted on {{erasure.day}}",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\n{{erasure.who}} hat {{organization.name}} geschlossen, um alles löschen "
            "zu lassen. Nur die Administratoren kommen noch hinein, und Mails an die Postfächer gehen zurück.\n\nAm "
            "{{erasure.day}} wird alles gelöscht: Tickets, Personen, Dateien, Einstellungen. Bis dahin kann jeder "
            "Administrator es in den Einstellungen widerrufen. Danach kann niemand etwas zurückholen.",
            subject="{{organization.name}} wird am {{erasure.day}} gelöscht",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\n{{erasure.who}} ha cerrado {{organization.name}} para que se elimine. "
            "Ya solo entran los administradores, y el correo a sus buzones se devuelve.\n\nEl {{erasure.day}} se "
            "borrará todo: tickets, personas, archivos, ajustes. Hasta entonces cualquier administrador puede "
            "anularlo en los ajustes. Después nadie podrá recuperar nada.",
            subject="{{organization.name}} se eliminará el {{erasure.day}}",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\n{{erasure.who}} a fermé {{organization.name}} pour la faire supprimer. "
            "Seuls les administrateurs y entrent encore, et les courriels à ses boîtes sont renvoyés.\n\nLe "
            "{{erasure.day}}, tout sera effacé : tickets, personnes, fichiers, réglages. D’ici là, tout "
            "administrateur peut l’annuler dans les réglages. Ensuite, personne ne pourra rien récupérer.",
            subject="{{organization.name}} sera supprimée le {{erasure.day}}",
        ),
    },
    Unchangeable.ORGANIZATION_REOPENED: {
        "en": Text(
            "Hello {{customer.first_name}},\n\n{{erasure.who}} has called off the deletion of {{organization.name}}. "
            "It is open again: everybody comes in as before, and mail is taken.",
            subject="{{organization.name}} will not be deleted",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\n{{erasure.who}} hat die Löschung von {{organization.name}} widerrufen. "
            "Alles ist wieder offen: Alle kommen hinein wie zuvor, und Mails werden angenommen.",
            subject="{{organization.name}} wird nicht gelöscht",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\n{{erasure.who}} ha anulado la eliminación de {{organization.name}}. "
            "Vuelve a estar abierta: todos entran como antes y se acepta el correo.",
            subject="{{organization.name}} no se eliminará",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\n{{erasure.who}} a annulé la suppression de {{organization.name}}. Tout "
            "est rouvert : chacun entre comme avant, et les courriels sont acceptés.",
            subject="{{organization.name}} ne sera pas supprimée",
        ),
    },
    Unchangeable.ERASURE_NEAR: {
        "en": Text(
            "Hello {{customer.first_name}},\n\n{{erasure.who}} has asked for the deletion of {{organization.name}}. "
            "On {{erasure.day}} everything in it is erased, for good. If that is not what you want, call it off in "
            "the settings before.",
            subject="{{organization.name}} will be deleted in three days",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\n{{erasure.who}} hat die Löschung von {{organization.name}} verlangt. Am "
            "{{erasure.day}} wird alles darin endgültig gelöscht. Wenn Sie das nicht wollen, widerrufen Sie es vorher "
            "in den Einstellungen.",
            subject="{{organization.name}} wird in drei Tagen gelöscht",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\n{{erasure.who}} ha pedido la eliminación de {{organization.name}}. El "
            "{{erasure.day}} se borrará todo para siempre. Si no es lo que quiere, anúlelo antes en los ajustes.",
            subject="{{organization.name}} se eliminará dentro de tres días",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\n{{erasure.who}} a demandé la suppression de {{organization.name}}. Le "
            "{{erasure.day}}, tout sera effacé pour de bon. Si ce n’est pas ce que vous voulez, annulez-la avant dans "
            "les réglages.",
            subject="{{organization.name}} sera supprimée dans trois jours",
        ),
    },
}
"""By kind and language. English is always among them."""

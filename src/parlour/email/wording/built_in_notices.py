"""What the mails say that belong to no ticket: links, and news about somebody's own access."""

from typing import Final

from parlour.email.wording.kinds import Kind, Text

NOTICES: Final = {
    Kind.SIGN_IN_LINK: {
        "en": Text(
            "Hello {{customer.first_name}},\n\nopen this link to sign in to {{organization.name}}. It is good for "
            "15 minutes, and only once:\n\n{{link.url}}\n\nYou did not ask for it? Then do nothing: without this "
            "mail nobody comes in.",
            subject="Your link to sign in to {{organization.name}}",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\nmit diesem Link melden Sie sich bei {{organization.name}} an. Er gilt "
            "15 Minuten und nur einmal:\n\n{{link.url}}\n\nSie haben ihn nicht angefordert? Dann tun Sie nichts: "
            "Ohne diese Mail kommt niemand hinein.",
            subject="Ihr Link zur Anmeldung bei {{organization.name}}",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\nabra este enlace para entrar en {{organization.name}}. Es válido "
            "durante 15 minutos y una sola vez:\n\n{{link.url}}\n\n¿No lo ha pedido? No haga nada: sin este correo "
            "no entra nadie.",
            subject="Su enlace para entrar en {{organization.name}}",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\nouvrez ce lien pour vous connecter à {{organization.name}}. Il est "
            "valable 15 minutes et une seule fois :\n\n{{link.url}}\n\nVous ne l’avez pas demandé ? Ne faites rien : "
            "sans ce courriel, personne n’entre.",
            subject="Votre lien de connexion à {{organization.name}}",
        ),
    },
    Kind.PASSWORD_LINK: {
        "en": Text(
            "Hello {{customer.first_name}},\n\nopen this link to choose a password for {{organization.name}}. It is "
            "good for 15 minutes, and only once:\n\n{{link.url}}\n\nYou did not ask for it? Then do nothing: your "
            "password stays as it is.",
            subject="Choose a password for {{organization.name}}",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\nmit diesem Link wählen Sie ein Passwort für {{organization.name}}. Er "
            "gilt 15 Minuten und nur einmal:\n\n{{link.url}}\n\nSie haben ihn nicht angefordert? Dann tun Sie "
            "nichts: Ihr Passwort bleibt, wie es ist.",
            subject="Wählen Sie ein Passwort für {{organization.name}}",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\nabra este enlace para elegir una contraseña para "
            "{{organization.name}}. Es válido durante 15 minutos y una sola vez:\n\n{{link.url}}\n\n¿No lo ha "
            "pedido? No haga nada: su contraseña no cambia.",
            subject="Elija una contraseña para {{organization.name}}",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\nouvrez ce lien pour choisir un mot de passe pour {{organization.name}}. "
            "Il est valable 15 minutes et une seule fois :\n\n{{link.url}}\n\nVous ne l’avez pas demandé ? Ne faites "
            "rien : votre mot de passe ne change pas.",
            subject="Choisissez un mot de passe pour {{organization.name}}",
        ),
    },
    Kind.PASSWORD_CHANGED: {
        "en": Text(
            "Hello {{customer.first_name}},\n\nyour password for {{organization.name}} was changed just now, and you "
            "were signed out everywhere else.\n\nThat was not you? Ask for a link to choose a new one at once, and "
            "tell {{organization.name}}.",
            subject="Your password for {{organization.name}} was changed",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\nIhr Passwort für {{organization.name}} wurde soeben geändert, und Sie "
            "wurden überall sonst abgemeldet.\n\nDas waren nicht Sie? Fordern Sie gleich einen Link für ein neues an "
            "und sagen Sie {{organization.name}} Bescheid.",
            subject="Ihr Passwort für {{organization.name}} wurde geändert",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\nsu contraseña para {{organization.name}} acaba de cambiar y se ha "
            "cerrado su sesión en los demás dispositivos.\n\n¿No ha sido usted? Pida enseguida un enlace para elegir "
            "otra y avise a {{organization.name}}.",
            subject="Su contraseña para {{organization.name}} ha cambiado",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\nvotre mot de passe pour {{organization.name}} vient d’être changé, et vous "
            "avez été déconnecté partout ailleurs.\n\nCe n’était pas vous ? Demandez aussitôt un lien pour en choisir "
            "un autre et prévenez {{organization.name}}.",
            subject="Votre mot de passe pour {{organization.name}} a été changé",
        ),
    },
    Kind.TOKEN_COPIED: {
        "en": Text(
            "Hello {{customer.first_name}},\n\nan app in which you were signed in to {{organization.name}} was signed "
            "out just now: a key of it was used a second time, which happens when somebody has a copy.\n\nSign in "
            "again in your app. If you don't know where the copy may come from, change your password too, and tell "
            "{{organization.name}}.",
            subject="An app of yours was signed out of {{organization.name}}",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\neine App, in der Sie bei {{organization.name}} angemeldet waren, wurde "
            "soeben abgemeldet: Ein Schlüssel von ihr wurde ein zweites Mal benutzt, wie es geschieht, wenn jemand "
            "eine Kopie hat.\n\nMelden Sie sich in Ihrer App neu an. Wenn Sie nicht wissen, woher die Kopie stammen "
            "kann, ändern Sie auch Ihr Passwort und sagen Sie {{organization.name}} Bescheid.",
            subject="Eine App wurde bei {{organization.name}} abgemeldet",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\nse acaba de cerrar la sesión de una aplicación que usaba con "
            "{{organization.name}}: una de sus claves se utilizó por segunda vez, lo que ocurre cuando alguien tiene "
            "una copia.\n\nVuelva a iniciar sesión en su aplicación. Si no sabe de dónde puede venir la copia, cambie "
            "también su contraseña y avise a {{organization.name}}.",
            subject="Se ha cerrado la sesión de una aplicación en {{organization.name}}",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\nune application connectée à votre compte chez {{organization.name}} vient "
            "d’être déconnectée : une de ses clés a servi une seconde fois, ce qui arrive quand quelqu’un en possède "
            "une copie.\n\nReconnectez-vous dans votre application. Si vous ignorez d’où la copie peut venir, changez "
            "aussi votre mot de passe et prévenez {{organization.name}}.",
            subject="Une application a été déconnectée de {{organization.name}}",
        ),
    },
    Kind.ADDRESS_LINK: {
        "en": Text(
            "Hello {{customer.first_name}},\n\nopen this link to confirm that this is your address at "
            "{{organization.name}}:\n\n{{link.url}}\n\nYou know nothing of it? Then do nothing.",
            subject="Confirm your address for {{organization.name}}",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\nbestätigen Sie mit diesem Link, dass dies Ihre Adresse bei "
            "{{organization.name}} ist:\n\n{{link.url}}\n\nSie wissen nichts davon? Dann tun Sie nichts.",
            subject="Bestätigen Sie Ihre Adresse für {{organization.name}}",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\nabra este enlace para confirmar que esta es su dirección en "
            "{{organization.name}}:\n\n{{link.url}}\n\n¿No sabe nada de esto? No haga nada.",
            subject="Confirme su dirección para {{organization.name}}",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\nouvrez ce lien pour confirmer que cette adresse est la vôtre chez "
            "{{organization.name}} :\n\n{{link.url}}\n\nVous n’êtes au courant de rien ? Ne faites rien.",
            subject="Confirmez votre adresse pour {{organization.name}}",
        ),
    },
    Kind.ADDRESS_CHANGED: {
        "en": Text(
            "Hello {{customer.first_name}},\n\nyour address at {{organization.name}} is another one from now on; "
            "nothing more is sent to this one.\n\nThat was not you? Tell {{organization.name}} at once.",
            subject="Your address at {{organization.name}} was changed",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\nIhre Adresse bei {{organization.name}} ist ab jetzt eine andere; an "
            "diese wird nichts mehr geschickt.\n\nDas waren nicht Sie? Sagen Sie {{organization.name}} sofort "
            "Bescheid.",
            subject="Ihre Adresse bei {{organization.name}} wurde geändert",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\nsu dirección en {{organization.name}} ha cambiado; a esta ya no se "
            "enviará nada.\n\n¿No ha sido usted? Avise enseguida a {{organization.name}}.",
            subject="Su dirección en {{organization.name}} ha cambiado",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\nvotre adresse chez {{organization.name}} a changé ; plus rien ne sera "
            "envoyé à celle-ci.\n\nCe n’était pas vous ? Prévenez aussitôt {{organization.name}}.",
            subject="Votre adresse chez {{organization.name}} a été changée",
        ),
    },
    Kind.INVITATION: {
        "en": Text(
            "Hello,\n\n{{agent.name}} invites you to answer customers together at {{organization.name}}.\n\n"
            "{{invitation.message}}\n\nOpen this link to accept; it is good for seven days:\n\n{{link.url}}\n\nYou "
            "were not expecting this? Then do nothing.",
            subject="{{agent.name}} invites you to {{organization.name}}",
        ),
        "de": Text(
            "Guten Tag,\n\n{{agent.name}} lädt Sie ein, bei {{organization.name}} gemeinsam Kunden zu antworten.\n\n"
            "{{invitation.message}}\n\nMit diesem Link nehmen Sie an; er gilt sieben Tage:\n\n{{link.url}}\n\nSie "
            "haben das nicht erwartet? Dann tun Sie nichts.",
            subject="{{agent.name}} lädt Sie zu {{organization.name}} ein",
        ),
        "es": Text(
            "Hola:\n\n{{agent.name}} le invita a atender juntos a los clientes de {{organization.name}}.\n\n"
            "{{invitation.message}}\n\nAbra este enlace para aceptar; es válido siete días:\n\n{{link.url}}\n\n¿No lo "
            "esperaba? No haga nada.",
            subject="{{agent.name}} le invita a {{organization.name}}",
        ),
        "fr": Text(
            "Bonjour,\n\n{{agent.name}} vous invite à répondre ensemble aux clients de {{organization.name}}.\n\n"
            "{{invitation.message}}\n\nOuvrez ce lien pour accepter ; il est valable sept jours :\n\n{{link.url}}\n\n"
            "Vous ne vous y attendiez pas ? Ne faites rien.",
            subject="{{agent.name}} vous invite chez {{organization.name}}",
        ),
    },
    Kind.PASSKEY_ADDED: {
        "en": Text(
            "Hello {{customer.first_name}},\n\na passkey was added to your account at {{organization.name}} just now. "
            "It opens your account without a password.\n\nThat was not you? Sign in, remove it under Security, choose "
            "a new password, and tell {{organization.name}}.",
            subject="A passkey was added to your account at {{organization.name}}",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\nzu Ihrem Konto bei {{organization.name}} ist soeben ein Passkey "
            "hinzugekommen. Er öffnet Ihr Konto ohne Passwort.\n\nDas waren nicht Sie? Melden Sie sich an, entfernen "
            "Sie ihn unter „Security“, wählen Sie ein neues Passwort und sagen Sie {{organization.name}} Bescheid.",
            subject="Neuer Passkey für Ihr Konto bei {{organization.name}}",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\nse acaba de añadir una clave de acceso a su cuenta en "
            "{{organization.name}}. Con ella se entra sin contraseña.\n\n¿No ha sido usted? Inicie sesión, elimínela "
            "en «Security», elija otra contraseña y avise a {{organization.name}}.",
            subject="Se ha añadido una clave de acceso a su cuenta en {{organization.name}}",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\nune clé d’accès vient d’être ajoutée à votre compte chez "
            "{{organization.name}}. Elle ouvre votre compte sans mot de passe.\n\nCe n’était pas vous ? Connectez-"
            "vous, supprimez-la sous « Security », choisissez un autre mot de passe et prévenez {{organization.name}}.",
            subject="Une clé d’accès a été ajoutée à votre compte chez {{organization.name}}",
        ),
    },
    Kind.PASSKEY_REMOVED: {
        "en": Text(
            "Hello {{customer.first_name}},\n\na passkey was removed from your account at {{organization.name}} just "
            "now. It opens nothing any more; you can delete it from your device too.\n\nYou know nothing of it? Tell "
            "{{organization.name}} at once.",
            subject="A passkey was removed from your account at {{organization.name}}",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\nein Passkey Ihres Kontos bei {{organization.name}} wurde soeben entfernt. "
            "Er öffnet nichts mehr; Sie können ihn auch auf Ihrem Gerät löschen.\n\nSie wissen nichts davon? Sagen Sie "
            "{{organization.name}} sofort Bescheid.",
            subject="Ein Passkey Ihres Kontos bei {{organization.name}} wurde entfernt",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\nse acaba de eliminar una clave de acceso de su cuenta en "
            "{{organization.name}}. Ya no abre nada; puede borrarla también de su dispositivo.\n\n¿No sabe nada de esto"
            "? Avise enseguida a {{organization.name}}.",
            subject="Se ha eliminado una clave de acceso de su cuenta en {{organization.name}}",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\nune clé d’accès vient d’être supprimée de votre compte chez "
            "{{organization.name}}. Elle n’ouvre plus rien ; vous pouvez aussi l’effacer de votre appareil.\n\nVous "
            "n’êtes au courant de rien ? Prévenez aussitôt {{organization.name}}.",
            subject="Une clé d’accès a été supprimée de votre compte chez {{organization.name}}",
        ),
    },
    Kind.TOKEN_ENDS: {
        "en": Text(
            "Hello {{customer.first_name}},\n\nthe API token “{{token.name}}” of {{token.owner}} at "
            "{{organization.name}} ends on {{token.ends_on}}. The program that uses it can’t come in any more then.\n\n"
            "Make a new one under Settings, give it to the program, and revoke the old one. Nothing uses it any more? "
            "Then there is nothing to do.",
            subject="The API token “{{token.name}}” ends on {{token.ends_on}}",
        ),
        "de": Text(
            "Guten Tag {{customer.name}},\n\ndas API-Token „{{token.name}}“ von {{token.owner}} bei "
            "{{organization.name}} läuft am {{token.ends_on}} ab. Das Programm, das es benutzt, kommt dann nicht mehr "
            "herein.\n\nMachen Sie in den Einstellungen ein neues, geben Sie es dem Programm, und widerrufen Sie das "
            "alte. Es wird nicht mehr gebraucht? Dann ist nichts zu tun.",
            subject="Das API-Token „{{token.name}}“ läuft am {{token.ends_on}} ab",
        ),
        "es": Text(
            "Hola {{customer.first_name}}:\n\nel token de API «{{token.name}}» de {{token.owner}} en "
            "{{organization.name}} caduca el {{token.ends_on}}. El programa que lo usa ya no podrá entrar.\n\nCree "
            "otro en los ajustes, déselo al programa y revoque el antiguo. ¿Ya no se usa? Entonces no hay nada "
            "que hacer.",
            subject="El token de API «{{token.name}}» caduca el {{token.ends_on}}",
        ),
        "fr": Text(
            "Bonjour {{customer.name}},\n\nle jeton d’API « {{token.name}} » de {{token.owner}} chez "
            "{{organization.name}} expire le {{token.ends_on}}. Le programme qui l’utilise ne pourra plus entrer.\n\n"
            "Créez-en un autre dans les réglages, donnez-le au programme et révoquez l’ancien. Plus rien ne s’en sert "
            "? Alors il n’y a rien à faire.",
            subject="Le jeton d’API « {{token.name}} » expire le {{token.ends_on}}",
        ),
    },
}
"""By kind and language. English is always among them."""

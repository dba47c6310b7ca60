"""What Parlour says where an organization has no words of its own."""

from typing import Final

from parlour.email.wording.built_in_notices import NOTICES
from parlour.email.wording.kinds import Kind, Text

_ACKNOWLEDGEMENT: Final = {
    "en": "We have received your message and will answer as soon as we can. Its number is #{{ticket.number}}.\n\n"
    "If there is something to add, just answer this mail.",
    "ar": "لقد تلقينا رسالتك وسنرد عليك في أقرب وقت ممكن. رقمها هو #{{ticket.number}}.\n\n"
    "إذا أردت إضافة شيء، فما عليك سوى الرد على هذه الرسالة.",
    "cs": "Vaši zprávu jsme přijali a odpovíme co nejdříve. Má číslo #{{ticket.number}}.\n\n"
    "Chcete-li něco doplnit, stačí odpovědět na tento e-mail.",
    "da": "Vi har modtaget din besked og svarer, så snart vi kan. Den har nummer #{{ticket.number}}.\n\n"
    "Hvis du vil tilføje noget, kan du bare svare på denne mail.",
    "de": "Wir haben Ihre Nachricht erhalten und antworten, so bald wir können. "
    "Sie hat die Nummer #{{ticket.number}}.\n\n"
    "Wenn Sie etwas ergänzen möchten, antworten Sie einfach auf diese Mail.",
    "es": "Hemos recibido su mensaje y responderemos lo antes posible. Su número es el #{{ticket.number}}.\n\n"
    "Si desea añadir algo, responda a este correo.",
    "fi": "Olemme vastaanottaneet viestisi ja vastaamme mahdollisimman pian. Sen numero on #{{ticket.number}}.\n\n"
    "Jos haluat lisätä jotain, vastaa tähän viestiin.",
    "fr": "Nous avons bien reçu votre message et vous répondrons dès que possible. "
    "Il porte le numéro #{{ticket.number}}.\n\n"
    "Pour ajouter quelque chose, répondez simplement à ce courriel.",
    "hu": "Megkaptuk üzenetét, és a lehető leghamarabb válaszolunk. A száma: #{{ticket.number}}.\n\n"
    "Ha szeretne valamit hozzáfűzni, válaszoljon erre a levélre.",
    "it": "Abbiamo ricevuto il suo messaggio e risponderemo appena possibile. Il numero è #{{ticket.number}}.\n\n"
    "Per aggiungere qualcosa, risponda a questa mail.",
    "ja": "お問い合わせを受け付けました。できるだけ早くご返信いたします。受付番号は #{{ticket.number}} です。\n\n"
    "追加のご連絡は、このメールにそのままご返信ください。",
    "ko": "메시지를 받았으며 최대한 빨리 답변드리겠습니다. 접수 번호는 #{{ticket.number}}입니다.\n\n"
    "추가하실 내용이 있으면 이 메일에 회신해 주세요.",
    "nl": "We hebben uw bericht ontvangen en antwoorden zo snel mogelijk. Het nummer is #{{ticket.number}}.\n\n"
    "Wilt u iets toevoegen, antwoord dan op deze mail.",
    "no": "Vi har mottatt meldingen din og svarer så snart vi kan. Den har nummer #{{ticket.number}}.\n\n"
    "Vil du legge til noe, er det bare å svare på denne e-posten.",
    "pl": "Otrzymaliśmy Państwa wiadomość i odpowiemy najszybciej, jak to możliwe. "
    "Jej numer to #{{ticket.number}}.\n\n"
    "Aby coś dodać, wystarczy odpowiedzieć na tę wiadomość.",
    "pt": "Recebemos a sua mensagem e responderemos assim que possível. O número é #{{ticket.number}}.\n\n"
    "Para acrescentar algo, responda a este e-mail.",
    "ro": "Am primit mesajul dumneavoastră și vom răspunde cât mai curând posibil. "
    "Are numărul #{{ticket.number}}.\n\n"
    "Dacă doriți să adăugați ceva, răspundeți la acest e-mail.",
    "ru": "Мы получили ваше сообщение и ответим как можно скорее. Его номер: #{{ticket.number}}.\n\n"
    "Если хотите что-то добавить, просто ответьте на это письмо.",
    "sv": "Vi har tagit emot ditt meddelande och svarar så snart vi kan. Numret är #{{ticket.number}}.\n\n"
    "Vill du lägga till något, svara på det här mejlet.",
    "tr": "Mesajınızı aldık ve en kısa sürede yanıtlayacağız. Numarası: #{{ticket.number}}.\n\n"
    "Eklemek istediğiniz bir şey varsa bu e-postayı yanıtlamanız yeterli.",
    "uk": "Ми отримали ваше повідомлення й відповімо якнайшвидше. Його номер: #{{ticket.number}}.\n\n"
    "Якщо хочете щось додати, просто дайте відповідь на цей лист.",
    "zh": "我们已收到您的来信，会尽快回复。编号为 #{{ticket.number}}。\n\n如需补充，直接回复此邮件即可。",
}

BUILT_IN: Final = {
    Kind.ACKNOWLEDGEMENT: {language: Text(words) for language, words in _ACKNOWLEDGEMENT.items()},
    **NOTICES,
}
"""By kind and language. English is always among them."""

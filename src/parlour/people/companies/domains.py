"""Domains whose people belong to a company: never one at which anybody can get an address."""

import re
from typing import Final

from parlour.foundation.errors import Invalid

_DOMAIN: Final = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")

_LISTED: Final = """
    126.com 163.com aim.com aliyun.com aol.com arcor.de att.net bellsouth.net bigpond.com bk.ru bluewin.ch
    bol.com.br btinternet.com charter.net comcast.net cox.net duck.com earthlink.net email.com email.cz email.de
    example.com fastmail.com fastmail.fm foxmail.com free.fr freemail.hu freenet.de gmail.com gmx.at gmx.ch gmx.com
    gmx.de gmx.fr gmx.net googlemail.com hanmail.net hey.com hotmail.be hotmail.co.uk hotmail.com hotmail.de
    hotmail.es hotmail.fr hotmail.it hotmail.nl hushmail.com icloud.com ig.com.br inbox.lv inbox.ru interia.pl
    juno.com kakao.com laposte.net libero.it list.ru live.co.uk live.com live.de live.fr live.it live.nl live.se
    mac.com mail.com mail.de mail.ee mail.ru mailbox.org mailfence.com me.com msn.com nate.com naver.com neuf.fr
    ntlworld.com o2.pl onet.pl online.de optonline.net optusnet.com.au orange.fr outlook.at outlook.co.uk
    outlook.com outlook.de outlook.es outlook.fr outlook.it outlook.jp passport.com pm.me posteo.de posteo.net
    privaterelay.appleid.com proton.me protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com
    rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sky.com skynet.be sohu.com
    startmail.com t-online.de talktalk.net telenet.be telia.com terra.com.br tiscali.it tuta.com tuta.io
    tutamail.com tutanota.com tutanota.de uol.com.br verizon.net virgilio.it virginmedia.com wanadoo.fr web.de
    windowslive.com wp.pl xtra.co.nz ya.ru yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au
    yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru yeah.net ymail.com yopmail.com zoho.com
    zohomail.com
"""
PUBLIC_DOMAINS: Final = frozenset(_LISTED.split())
"""The well-known providers of mail to everybody, and some that give addresses away for an hour."""


def normal_domain(written: str) -> str:
    """As stored: lower case, in ASCII. Raises `Invalid` where it is none, or everybody's."""
    try:
        domain = written.strip().lower().removeprefix("@").rstrip(".").encode("idna").decode()
    except UnicodeError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise Invalid(details={"domains": f"{written[:80]!r} is no domain. Write it as customer.com."})
    if domain in PUBLIC_DOMAINS:
        raise Invalid(details={"domains": f"Anybody can have an address at {domain}: it can be no company's."})
    return domain


def domain_of(email: str) -> str:
    """What is behind the last `@`, as `normal_domain` writes it. Empty where it is no company's to have."""
    try:
        return normal_domain(email.rpartition("@")[2])
    except Invalid:
        return ""

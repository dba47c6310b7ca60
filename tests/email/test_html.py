"""HTML from strangers, cleaned; text from HTML and back."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.foundation import html


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("<p onclick=steal()>Hi<script>steal()</script></p>", "<p>Hi</p>"),
        ("<style>p{color:red}</style><p style='position:fixed' class=x id=y>Hi</p>", "<p>Hi</p>"),
        ("<form action=/x><input name=q><button>Go</button></form>", "Go"),
        ("<a href='javascript:steal()'>x</a>", '<a target="_blank" rel="noopener noreferrer">x</a>'),
        (
            "<a href='https://a.test/?b=1&c=2'>x</a>",
            '<a href="https://a.test/?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">x</a>',
        ),
        ("<a href='cid:x'>x</a>", '<a target="_blank" rel="noopener noreferrer">x</a>'),
        ("<a href='/sign-out'>x</a>", '<a target="_blank" rel="noopener noreferrer">x</a>'),
        (
            "<img src='https://t.test/p.gif?u=1' width=1 onerror=x()>",
            '<img data-remote-src="https://t.test/p.gif?u=1" width="1">',
        ),
        ("<img src='//t.test/p.gif'>", "<img>"),
        ("<img src='cid:logo@a.test' alt=Logo>", '<img data-cid="logo@a.test" alt="Logo">'),
        ("<img src='data:image/svg+xml,<svg onload=x()>'>", "<img>"),
        ("<img data-remote-src=x data-cid=y>", "<img>"),
        ("<svg onload=x()><a>y</a></svg>z", "z"),
        ("<math><mtext><table><mglyph><style><img src=x onerror=x()>", ""),
        ("<![if !mso]><p>Hi</p><![endif]><!-- x -->", "<p>Hi</p>"),
        ("a\0b", "ab"),
    ],
)
def test_what_a_stranger_sends_is_made_harmless(dirty: str, clean: str) -> None:
    assert html.clean(dirty) == clean


def test_cleaning_twice_changes_nothing() -> None:
    once = html.clean("<table><tr><td colspan=2>x<td>y</table><blockquote>q</blockquote>")
    assert html.clean(once) == once


def test_the_deepest_nesting_is_flattened_in_no_time() -> None:
    begun = time.process_time()
    assert html.clean("<div>" * 100_000 + "deep") == "<p>deep</p>"
    assert html.to_text("<div>" * 900 + "deep") == "deep"
    assert time.process_time() - begun < 1


def test_an_image_inside_the_mail_is_shown_from_where_it_is_kept() -> None:
    cleaned = html.clean('<img src="cid:a&b"><img src="cid:unknown">')
    assert html.with_images(cleaned, {"a&b": "/files/1?x=1&y=2"}) == (
        '<img src="/files/1?x=1&amp;y=2"><img data-cid="unknown">'
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo"),
        ("  <p>  Many \n  spaces&nbsp;here </p> ", "Many spaces here"),
        ("<ul><li>a</li><li>b<ol start=3><li>c</li></ol></li></ul>", "- a\n- b\n  3. c"),
        (
            "<p>Hi</p><blockquote><p>old</p><blockquote>older</blockquote></blockquote><p>new</p>",
            "Hi\n\n> old\n>\n>> older\n\nnew",
        ),
        ('See <a href="https://a.test/x">the page</a>.', "See the page (https://a.test/x)."),
        ('See <a href="https://www.a.test/">a.test</a>', "See a.test"),
        ('<a href="mailto:a@b.test">a@b.test</a>', "a@b.test"),
        ("<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>", "A  B\n1  2"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("Fish &amp; chips &lt;3 <img alt='smile' src=x>", "Fish & chips <3 [smile]"),
        ("<title>x</title><style>y</style>z", "z"),
    ],
)
def test_html_reads_well_as_plain_text(source: str, text: str) -> None:
    assert html.to_text(source) == text


def test_plain_text_becomes_paragraphs_and_links() -> None:
    assert html.from_text("Hi <you>,\n\nsee https://a.test/x_(y) (or www.b.test/?a=1&b=2).\nWrite to me@c.test.\n") == (
        "<p>Hi &lt;you&gt;,</p>"
        '<p>see <a href="https://a.test/x_(y)" target="_blank" rel="noopener noreferrer">https://a.test/x_(y)</a> (or '
        '<a href="https://www.b.test/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">'
        "www.b.test/?a=1&amp;b=2</a>"
        ').<br>Write to <a href="mailto:me@c.test" target="_blank" rel="noopener noreferrer">me@c.test</a>.</p>'
    )


@given(st.text())
def test_no_text_whatever_trips_the_cleaner_and_what_we_make_is_already_clean(text: str) -> None:
    html.to_text(text)
    assert "\0" not in html.clean(text)
    made = html.from_text(text)
    assert html.to_text(html.clean(made)) == html.to_text(made)

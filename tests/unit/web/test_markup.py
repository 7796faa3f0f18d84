"""Posts as HTML: formatted, and nothing that could act."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.web.markup import post_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("**b** *i* `c`", "<p><strong>b</strong> <em>i</em> <code>c</code></p>\n"),
        ("# Title", '<div class="post-heading">Title</div>\n'),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"),
        ("[a](https://a.example)", '<p><a href="https://a.example" rel="noopener noreferrer nofollow ugc">a</a></p>\n'),
        ("[a](/sign-out)", '<p><a rel="noopener noreferrer nofollow ugc">a</a></p>\n'),
        ("[a](//a.example)", '<p><a rel="noopener noreferrer nofollow ugc">a</a></p>\n'),
        ("[a](javascript:x)", "<p>[a](javascript:x)</p>\n"),
        ("2. two", '<ol start="2">\n<li>two</li>\n</ol>\n'),
    ],
)
def test_a_post_is_formatted(text: str, html: str) -> None:
    assert post_html(text) == html


@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "&", '"', "'", "`", "[", "](", ")", "\n", "javascript:", "x", " ", "#", "|", "!", "\\"]
        ),
        max_size=40,
    )
)
def test_no_post_makes_an_element_that_acts(parts: list[str]) -> None:
    html = post_html("".join(parts))
    for tag in ("script", "img", "style", "iframe", "svg", "form", "input"):
        assert f"<{tag}" not in html
    assert 'href="javascript' not in html

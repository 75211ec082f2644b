"""A page as PDF, where WeasyPrint is installed (the extra `pdf`). Nothing is fetched: the stylesheet comes along."""

from __future__ import annotations

from typing import Any, NoReturn

from market.core.errors import Refusal


class PdfNotInstalled(Refusal):
    """This installation prints no PDF: the extra `pdf`, or a library that it needs, is missing."""

    code = "pdf_not_installed"
    status = 501
    title_en = "PDF is not installed here; print the page instead"
    title_zh = "未安装 PDF 功能，请直接打印网页"


def pdf(page: str, style: str) -> bytes:
    """A page of HTML with its style as a PDF. Errors: PdfNotInstalled."""
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:  # OSError: Pango is not there
        raise PdfNotInstalled("install karez[pdf], and Pango from the system's packages") from error

    class Nothing(URLFetcher):
        """Fetches nothing, from nowhere."""

        def fetch(self, url: str, headers: Any = None) -> NoReturn:
            raise ValueError("a certificate is printed from what it holds")

    made: bytes = HTML(string=page, url_fetcher=Nothing()).write_pdf(stylesheets=[CSS(string=style)])
    return made

"""Pages and JSON API of disposal."""

from fastapi import APIRouter

from api.disposal.router.boards_api import api as boards
from api.disposal.router.case_api import api as cases
from api.disposal.router.case_api import files
from api.disposal.router.desk_api import api as desk
from api.disposal.router.own_api import api as own
from api.disposal.router.page_boards import pages as board_pages
from api.disposal.router.page_desk import pages as desk_pages
from api.disposal.router.page_own import pages as own_pages
from api.disposal.router.page_posts import pages as posts
from api.disposal.router.pages import pages
from api.disposal.router.papers_api import api as papers

api = APIRouter(prefix="/disposal", tags=["disposal"])
for part in (cases, files, papers, boards, own, desk):
    api.include_router(part)
for page in (posts, board_pages, desk_pages, own_pages):
    pages.include_router(page)

__all__ = ["api", "pages"]

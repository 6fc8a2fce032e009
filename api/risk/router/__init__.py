"""JSON API and pages of risk early warning."""

from fastapi import APIRouter

from api.risk.board.router import api as board_api
from api.risk.board.router import pages as board_pages
from api.risk.router import confirming, exports
from api.risk.router.api import api as warnings_api
from api.risk.router.backtest_pages import backtest_pages
from api.risk.router.file_pages import pages as file_pages
from api.risk.router.files_api import api as files_api
from api.risk.router.measuring import measuring
from api.risk.router.pages import pages as morning_pages
from api.risk.router.run_pages import run_pages
from api.risk.router.shadow_pages import shadow_pages
from api.risk.rulesets.editing_pages import pages as rulesets_editing_pages
from api.risk.rulesets.pages import pages as rulesets_pages
from api.risk.rulesets.router import api as rulesets_api

api = APIRouter()
api.include_router(rulesets_api)
api.include_router(warnings_api)
api.include_router(files_api)
api.include_router(confirming.api)
api.include_router(exports.api)
api.include_router(measuring)
api.include_router(board_api)
pages = APIRouter()
pages.include_router(morning_pages)
pages.include_router(file_pages)
pages.include_router(confirming.pages)
pages.include_router(exports.pages)
pages.include_router(run_pages)
pages.include_router(backtest_pages)
pages.include_router(shadow_pages)
pages.include_router(board_pages)
pages.include_router(rulesets_pages)
pages.include_router(rulesets_editing_pages)

__all__ = ["api", "pages"]

"""Pages at `/` and the JSON API at `/api/v1` of the slice."""

from fastapi import APIRouter

from api.identity.router.login_pages import pages as login_pages
from api.identity.router.my_pages import pages as my_pages
from api.identity.router.people_api import api as people_api
from api.identity.router.staff_api import api as staff_api
from api.identity.router.staff_pages import pages as staff_pages
from api.identity.router.worker_login_pages import pages as worker_login_pages

api = APIRouter(tags=["identity"])
api.include_router(staff_api)
api.include_router(people_api)

pages = APIRouter()
pages.include_router(login_pages)
pages.include_router(worker_login_pages)
pages.include_router(staff_pages)
pages.include_router(my_pages)

__all__ = ["api", "pages"]

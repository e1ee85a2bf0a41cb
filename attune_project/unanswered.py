"""What is answered where an error came through every other net, from a view or from any layer around it.

Each middleware turns what breaks within it into an answer at once, so this is the one place that sees an outage of the
database wherever it is met: reading the session, counting a try, in a page, or saving the session afterwards. Errors
inside of the API's own views have gone through `common.api.problem_response` before.
"""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse

from common.api import is_api, problem
from common.outages import SLOW_DOWN, find_outage, told
from frontend.views import errors


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: Django calls it while it handles the error."""
    return _out_of_service(request, sys.exception()) or errors.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`, which a session that could not be saved ends in as well."""
    return _out_of_service(request, exception) or errors.bad_request(request, exception)


def _out_of_service(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    outage = find_outage(error)
    if outage is None:
        return None
    response = problem(503, code=SLOW_DOWN) if is_api(request) else errors.out_of_service(request)
    return told(response, request=request, outage=outage)

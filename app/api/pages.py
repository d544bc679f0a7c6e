"""Pages of a list: `limit` and `offset` in, `Link` and `X-Total-Count` out (RFC 8288)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request, Response

T = TypeVar("T")


class Page:
    """The part of a list that was asked for."""

    def __init__(
        self,
        request: Request,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=5000, description="How many at most.")] = 500,
        offset: Annotated[int, Query(ge=0, le=10**9, description="How many to pass over.")] = 0,
    ) -> None:
        self._request, self._response, self._limit, self._offset = request, response, limit, offset

    def of(self, items: Sequence[T]) -> list[T]:
        """The items of this page; the headers say how many there are and where the others stand."""
        self._response.headers["x-total-count"] = str(len(items))
        places = {}
        if self._offset + self._limit < len(items):
            places["next"] = self._offset + self._limit
        if self._offset > 0:
            places["prev"] = max(0, self._offset - self._limit)
        links = [f'<{self._address(start)}>; rel="{name}"' for name, start in places.items()]
        if links:
            self._response.headers["link"] = ", ".join(links)
        return list(items[self._offset : self._offset + self._limit])

    def _address(self, offset: int) -> str:
        return str(self._request.url.include_query_params(limit=self._limit, offset=offset))


PageDep = Annotated[Page, Depends()]

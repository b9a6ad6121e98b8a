from collections.abc import Callable, Iterable
from typing import Any, final

MEMO_OBJECT: int
MEMO_FIELDS: int
WRONG: int
INVENTED: int
TORN: int

@final
class Fields: ...

@final
class Plan:
    def __init__(
        self,
        operation: Callable[[str], Any],
        ids: Iterable[str],
        judge: Callable[[int, Any, BaseException | None, int, int, int], int],
        *,
        has_tenant_id: bool = False,
        has_url: bool = False,
        has_version: bool = False,
        says_source: bool = False,
        says_cache_hit: bool = False,
    ) -> None: ...
    @property
    def operation(self) -> Callable[[str], Any]: ...
    @property
    def judge(self) -> Callable[[int, Any, BaseException | None, int, int, int], int]: ...
    @property
    def ids(self) -> tuple[str, ...]: ...
    @property
    def has_tenant_id(self) -> bool: ...
    @property
    def has_url(self) -> bool: ...
    @property
    def has_version(self) -> bool: ...
    @property
    def says_source(self) -> bool: ...
    @property
    def says_cache_hit(self) -> bool: ...

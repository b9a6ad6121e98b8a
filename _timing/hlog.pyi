from typing import Final, NamedTuple

from typing_extensions import Buffer

COMPRESSED_COOKIE: Final = 0x1C849314
PAYLOAD_COOKIE: Final = 0x1C849313

class Geometry(NamedTuple):
    lowest_discernible_value: int
    highest_trackable_value: int
    significant_figures: int

def encode(geometry: Geometry, counts: Buffer) -> bytes: ...

class Payload:
    geometry: Geometry
    def __init__(self, data: bytes | str) -> None: ...
    def unpack(self, counts: Buffer) -> None: ...

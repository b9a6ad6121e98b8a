from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from _timing.rank import Percentile

def percentiles(array: ArrayLike, ps: Iterable[Percentile]) -> NDArray[np.int64 | np.float64]: ...

"""Machine code is made once for the tests, the workers they start and the product: scripts/setup.sh has made it."""

from cloud.routing.joint.worker import use_cache

use_cache()  # here, because the test modules import numba and it asks only then

"""What the settings need before Django is set up; loaded by pytest before anything else.

The addresses are placeholders: ``conftest`` starts the real servers and puts theirs in place.
"""

import os

os.environ.update(
    SECRET_KEY="only-for-tests",
    DATABASE_URL="postgresql://magistral_app@/not-started-yet?host=/nonexistent",
    REDIS_URL="redis://127.0.0.1:1/0",
    DEMONSTRATION="0",
    LEASE_SECONDS="4",
    HEARTBEAT_SECONDS="0.5",
    REAPER_SECONDS="0.3",
    SIGN_IN_RATE="0",
)
# Playwright's synchronous API runs a loop in the main thread; our own queries there are fine.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

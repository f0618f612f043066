"""What the tests share is told as fully as a test where an assertion fails."""

import pytest

pytest.register_assert_rewrite("tests.browser")

"""`/login/`: where clients send a browser (contract, section 10)."""

import pytest

from helpers_hub import run


@pytest.mark.parametrize(
    "path", ["/login", "/login/", "/login/?redirect=https%3A%2F%2Fexample.com%2F&permissions=STATUS"]
)
def test_a_browser_is_sent_to_the_page_and_nowhere_else(tmp_path, path):
    async def scenario(_, made):
        async with made.client() as nobody:
            answer = await nobody.get(path)
            assert answer.status_code == 302
            assert answer.headers["location"] == "http://mrdraw/#/sign-in"

    run(tmp_path, scenario)

from tests.e2e.test_workspace import *
from tests.e2e.conftest import *
import pytest
@pytest.mark.parametrize("i", range(4))
def test_flake(at_work, i):
    page=at_work
    log=[]
    page.on("request", lambda r: log.append((r.method, r.url[-25:]))); page.on("response", lambda r: log.append((r.status, r.url[-25:]))); page.on("requestfailed", lambda r: log.append(("FAILED", r.url[-25:])))
    page.keyboard.press("4"); page.keyboard.press("t")
    k = page.context.new_cdp_session(page)
    k.send("Input.imeSetComposition", {"text": "退款", "selectionStart": 2, "selectionEnd": 2})
    k.send("Input.insertText", {"text": "退款"})
    page.locator("[name=action]").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    here=page.url
    page.keyboard.press("Control+Enter")
    try: page.wait_for_url(lambda u: u!=here, timeout=4000)
    except Exception:
        page.screenshot(path="/tmp/w/c2/flake.png"); print("FLAKE", log, page.evaluate("[document.activeElement.outerHTML.slice(0,200), document.querySelector('.save-next').disabled, document.querySelector('[name=outcome]:checked')?.value]")); raise
    print(log)

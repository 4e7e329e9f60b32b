"""What there is to play with on the book's pages, pressed in a real browser.

Chromium and its driver are Debian's, Selenium and axe come from PyPI.  The
page is a file with what the directive ``play`` writes on a page of the book,
and the scripts beside it.
"""

import re
import shutil
import sys

import pytest

from support import ROOT

pytest.importorskip("selenium")
pytest.importorskip("sphinx")
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, str(ROOT / "docs" / "_ext"))
import running

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and DRIVER),
                       reason="Chromium or its driver is not here"),
    # Selenium leaves it to the end of the process to close what it opened.
    pytest.mark.filterwarnings("ignore::ResourceWarning")]
# What asks another machine for anything is refused, and stands in the log.
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Play</title>
<meta http-equiv="Content-Security-Policy" content="default-src file:">
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="play.css">
<script defer src="nn.js"></script><script defer src="play.js"></script>
</head><body><main><h1>Play</h1>{}</main></body></html>
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a page as in the book, one without scripts, and one whose
    book came to another digest."""
    folder = tmp_path_factory.mktemp("page")
    for name in ("nn.js", "play.js", "play.css"):
        shutil.copy(ROOT / "docs" / "_static" / name, folder)
    page = PAGE.format("".join(map(running.html, running.DATA)))
    for name, text in (("page", page),
                       ("other", re.sub("[0-9a-f]{64}", "0" * 64, page)),
                       ("still", page.replace(" src=", " data-src="))):
        (folder / f"{name}.html").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless", "no-sandbox", "disable-gpu",
                     "disable-dev-shm-usage", "disable-background-networking",
                     "force-prefers-reduced-motion", "window-size=900,1400"):
        options.add_argument(f"--{argument}")
    browser = webdriver.Chrome(
        options, webdriver.ChromeService(executable_path=DRIVER))
    yield browser
    browser.quit()


class Place:
    """One thing to play with, on a page that was opened anew."""

    def __init__(self, browser, folder, name, query="", page="page"):
        self.browser, self.name = browser, name
        browser.get("about:blank")
        browser.get((folder / f"{page}.html").as_uri()
                    + (f"#play-{name}?{query}" if query else ""))
        self.place = browser.find_element(By.ID, f"play-{name}")
        self.wait(lambda: self.place.is_displayed())

    def wait(self, held):
        WebDriverWait(self.browser, 60, 0.05).until(lambda _: held())

    def find(self, selector):
        return self.place.find_element(By.CSS_SELECTOR, selector)

    def count(self, selector):
        return len(self.place.find_elements(By.CSS_SELECTOR, selector))

    def text(self, selector):
        return self.find(selector).text

    def keys(self, control, *keys):
        """Use a control as a person would who has no mouse."""
        self.find(f"#{self.name}-{control}").send_keys(*keys)

    def values(self, *controls):
        """What controls stand at."""
        return [self.find(f"#{self.name}-{control}").get_property("value")
                for control in controls]

    def press(self, word):
        """Press the first button, and wait until that word is the status."""
        self.find("button").send_keys(Keys.ENTER)
        self.wait(lambda: word in self.text(".play-status"))
        return self.text(".play-status")

    def trained(self):
        self.wait(lambda: self.text(".play-status").startswith("Trained"))
        return self.text(".play-now")

    def picture(self):
        return self.find(".play-units").get_attribute("innerHTML")


def test_iris_ends_with_the_digest_of_the_book_and_asks_for_nothing(
        browser, folder):
    browser.get_log("browser")
    iris = Place(browser, folder, "iris")
    assert iris.press("qual").startswith("Equal")
    digest = running.iris()["book"]["digest"]
    assert iris.text("td:nth-of-type(1) code") == digest
    assert iris.text("td:nth-of-type(2) code") == digest
    assert iris.text(".play-now").startswith("Epoch 200 of 200")
    points = iris.find("polyline").get_attribute("points").split()
    assert len(points) == 200
    assert browser.get_log("browser") == []


def test_another_digest_is_called_another(browser, folder):
    iris = Place(browser, folder, "iris", page="other")
    assert iris.press("qual").startswith("Not equal")


def test_training_can_be_stopped(browser, folder):
    """The page answers while it trains: the second press finds it at work."""
    iris = Place(browser, folder, "iris")
    iris.find("button").send_keys(Keys.ENTER)
    iris.wait(lambda: iris.text(".play-now").startswith("Epoch"))
    iris.find("button").send_keys(Keys.ENTER)
    assert iris.text(".play-status").startswith("Stopped")
    assert 0 < int(iris.text(".play-now").split()[1]) < 200
    assert iris.find("td").text == "–"


def test_each_control_of_xor_changes_what_it_should(browser, folder):
    """The loss, and the lines of the hidden units."""
    xor = Place(browser, folder, "xor")
    xor.press("Trained")
    first = xor.trained()
    assert re.match("After epoch 400: .* 4 of 4 right$", first)
    assert xor.count(".play-units line") == 8
    anew = Keys.CONTROL + "a" + Keys.NULL       # what is typed replaces
    for control, *keys in (
            ("rate", Keys.HOME, Keys.ARROW_RIGHT * 5),
            ("momentum", Keys.HOME, Keys.ARROW_RIGHT * 10),
            ("units", Keys.HOME, Keys.ARROW_RIGHT * 4),
            ("activation", "sigmoid"), ("seed", anew, "7", Keys.TAB),
            ("seed", anew, "0.5", Keys.TAB)):   # as 0
        now, picture = xor.trained(), xor.picture()
        xor.keys(control, *keys)
        xor.wait(lambda: xor.trained() != now and xor.picture() != picture)
    assert xor.count(".play-units line") == 5
    as_in_the_book = xor.find("button + button")
    assert as_in_the_book.text == "As in the book"
    as_in_the_book.send_keys(Keys.ENTER)
    assert xor.trained() == first


def test_the_epochs_of_xor_go_back_and_forth(browser, folder):
    xor = Place(browser, folder, "xor")
    first = xor.picture()
    xor.press("Trained")
    now, last = xor.text(".play-now"), xor.picture()
    xor.keys("epoch", Keys.HOME)
    assert xor.text(".play-now").startswith("After epoch 0")
    assert xor.picture() == first != last
    xor.keys("epoch", Keys.END)
    assert (xor.text(".play-now"), xor.picture()) == (now, last)


def test_a_link_keeps_the_settings_of_xor(browser, folder):
    xor = Place(browser, folder, "xor")
    xor.keys("units", Keys.HOME, Keys.ARROW_RIGHT * 2)
    xor.keys("activation", "relu")
    xor.find("a").send_keys(Keys.ENTER)
    address = browser.current_url
    assert "hidden_size=3" in address and "activation=relu" in address
    again = Place(browser, folder, "xor", address.partition("?")[2])
    assert again.values("units", "activation") == ["3", "relu"]
    wrong = Place(browser, folder, "xor", "hidden_size=99&seed=x&activation=y"
                  "&no_such=1&momentum=-3")
    assert wrong.values("units", "seed", "momentum", "activation") == [
        "16", "0", "0", "tanh"]


def test_the_ravine_says_where_it_diverges(browser, folder):
    ravine = Place(browser, folder, "ravine")
    path = ravine.find("polyline").get_attribute("points")
    assert "from a learning rate of 0.136 on" in ravine.text(".play-now")
    assert "steps end" in ravine.text(".play-now")
    ravine.keys("momentum", Keys.HOME)
    assert "from a learning rate of 0.080 on" in ravine.text(".play-now")
    assert ravine.find("polyline").get_attribute("points") != path
    ravine.keys("rate", Keys.HOME, Keys.ARROW_RIGHT * 38)
    assert "steps end" in ravine.text(".play-now")
    ravine.keys("rate", Keys.ARROW_RIGHT)
    assert "do not come to rest" in ravine.text(".play-now")


def test_without_scripts_there_is_nothing_dead(browser, folder):
    browser.get((folder / "still.html").as_uri())
    assert browser.find_element(By.TAG_NAME, "body").text == "Play"


def look(browser, width, scheme, motion):
    """Look at pages on a screen so wide, as one who has set these."""
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 1400, "deviceScaleFactor": 1,
        "mobile": False})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": motion}]})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1000])
def test_axe_finds_nothing_and_nothing_sticks_out(browser, folder, width,
                                                  scheme):
    axe = pytest.importorskip("axe_core_python.selenium").Axe()
    look(browser, width, scheme, "reduce")
    Place(browser, folder, "xor").press("Trained")
    found = axe.run(browser)["violations"]
    assert not found, [(each["id"], each["help"]) for each in found]
    assert browser.execute_script(
        "return document.documentElement.scrollWidth") <= width


def test_where_motion_is_welcome_it_moves(browser, folder):
    """Several epochs are drawn on the way; where it is not, only the last."""
    seen = {}
    for motion in ("no-preference", "reduce"):
        look(browser, 900, "light", motion)
        xor = Place(browser, folder, "xor")
        browser.execute_script("""
            window.seen = new Set();
            const now = document.querySelector("#play-xor .play-now");
            new MutationObserver(() => seen.add(now.textContent)).observe(
              now, {childList: true, characterData: true, subtree: true});
        """)
        xor.press("Trained")
        seen[motion] = browser.execute_script("return seen.size")
    assert seen["no-preference"] > 50 and seen["reduce"] <= 2

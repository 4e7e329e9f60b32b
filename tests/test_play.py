"""What there is to play with on the book's pages, pressed in a real browser.

Chromium and its driver are Debian's, Selenium and axe come from PyPI.  The
page is a file with what the directive ``play`` writes on a page of the book,
and the scripts beside it.
"""

import json
import shutil
import sys

import pytest

from support import ROOT

pytest.importorskip("selenium")
pytest.importorskip("sphinx")
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

sys.path.insert(0, str(ROOT / "docs" / "_ext"))
import playing

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and DRIVER),
                       reason="Chromium or its driver is not here"),
    # Selenium leaves it to the end of the process to close what it opened.
    pytest.mark.filterwarnings("ignore::ResourceWarning")]
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Play</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="play.css">{scripts}</head>
<body><main><h1>Play</h1>{places}</main></body></html>
"""
SCRIPTS = '<script defer src="nn.js"></script><script defer src="play.js">' \
    "</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a page as in the book, one without scripts, and one whose
    book came to another digest."""
    folder = tmp_path_factory.mktemp("page")
    for name in ("nn.js", "play.js", "play.css"):
        shutil.copy(ROOT / "docs" / "_static" / name, folder)
    places = "".join(map(playing.html, playing.DATA))
    page = PAGE.format(scripts=SCRIPTS, places=places)
    digest = playing.iris()["book"]["digest"]
    for name, text in (
            ("page", page), ("other", page.replace(digest, "0" * 64)),
            ("still", PAGE.format(scripts="", places=places))):
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
    options.set_capability("goog:loggingPrefs", {"performance": "ALL",
                                                 "browser": "ALL"})
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

    def slide(self, control, value):
        """Move a slider as a person would who has no mouse: by its keys."""
        slider = self.find(f"#{self.name}-{control}")
        slider.send_keys(Keys.HOME)
        step = float(slider.get_attribute("step"))
        low = float(slider.get_attribute("min"))
        for _ in range(round((value - low) / step)):
            slider.send_keys(Keys.ARROW_RIGHT)
        assert float(slider.get_property("value")) == pytest.approx(value)

    def values(self, *controls):
        """What controls stand at."""
        return [self.find(f"#{self.name}-{control}").get_property("value")
                for control in controls]

    def press(self, word):
        """Press the first button, and wait until that word is the status."""
        self.find("button").click()
        self.wait(lambda: word in self.text(".play-status"))
        return self.text(".play-status")

    def trained(self):
        self.wait(lambda: self.text(".play-status").startswith("Trained"))
        return self.text(".play-now")

    def picture(self):
        return self.find(".play-units").get_attribute("innerHTML")


def test_iris_ends_with_the_digest_of_the_book_and_asks_for_nothing(
        browser, folder):
    browser.get_log("performance")
    browser.get_log("browser")
    iris = Place(browser, folder, "iris")
    assert iris.press("qual").startswith("Equal")
    digest = playing.iris()["book"]["digest"]
    assert iris.text("td:nth-of-type(1) code") == digest
    assert iris.text("td:nth-of-type(2) code") == digest
    assert iris.text(".play-now").startswith("Epoch 200 of 200")
    points = iris.find("polyline").get_attribute("points").split()
    assert len(points) == 200
    sent = [json.loads(entry["message"])["message"]
            for entry in browser.get_log("performance")]
    urls = [event["params"]["request"]["url"] for event in sent
            if event["method"] == "Network.requestWillBeSent"]
    assert urls and all(url.startswith("file:") for url in urls), urls
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
    epoch = int(iris.text(".play-now").split()[1])
    assert 0 < epoch < 200
    assert iris.find("td").text == "–"


def test_each_control_of_xor_changes_what_it_should(browser, folder):
    xor = Place(browser, folder, "xor")
    xor.press("Trained")
    now, picture = xor.trained(), xor.picture()
    assert now.startswith("After epoch 400") and now.endswith("4 of 4 right")
    assert xor.count(".play-units line") == 8

    def changes():
        """Both the loss and the lines of the units are others than before."""
        nonlocal now, picture
        xor.wait(lambda: xor.trained() != now and xor.picture() != picture)
        now, picture = xor.trained(), xor.picture()

    for control, value in (("rate", 0.3), ("momentum", 0.5), ("units", 5)):
        xor.slide(control, value)
        changes()
    assert xor.count(".play-units line") == 5
    Select(xor.find("#xor-activation")).select_by_value("sigmoid")
    changes()
    xor.find("#xor-seed").send_keys("7", Keys.TAB)
    changes()
    seventh = now
    for text in ("0.5", "-3", "e"):             # as 0: a seed is never these
        xor.find("#xor-seed").clear()
        xor.find("#xor-seed").send_keys(text, Keys.TAB)
        xor.wait(lambda: xor.trained() != seventh)
    as_in_the_book = xor.find("button + button")
    assert as_in_the_book.text == "As in the book"
    as_in_the_book.click()
    changes()
    assert now.endswith("4 of 4 right") and "8" in xor.text("#xor-units + *")


def test_the_epochs_of_xor_go_back_and_forth(browser, folder):
    xor = Place(browser, folder, "xor")
    first = xor.picture()
    xor.press("Trained")
    now, last = xor.text(".play-now"), xor.picture()
    slider = xor.find("#xor-epoch")
    slider.send_keys(Keys.HOME)
    assert xor.text(".play-now").startswith("After epoch 0")
    assert xor.picture() == first != last
    slider.send_keys(Keys.END)
    assert (xor.text(".play-now"), xor.picture()) == (now, last)


def test_a_link_keeps_the_settings_of_xor(browser, folder):
    xor = Place(browser, folder, "xor")
    xor.slide("units", 3)
    Select(xor.find("#xor-activation")).select_by_value("relu")
    xor.find("a").click()
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
    ravine.slide("momentum", 0)
    assert "from a learning rate of 0.080 on" in ravine.text(".play-now")
    other = ravine.find("polyline").get_attribute("points")
    assert other != path
    ravine.slide("rate", 0.078)
    assert "steps end" in ravine.text(".play-now")
    ravine.find("#ravine-rate").send_keys(Keys.ARROW_RIGHT)
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
